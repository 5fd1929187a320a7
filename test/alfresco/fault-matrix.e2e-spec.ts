import { readFileSync } from 'node:fs';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import {
  createUnresolvableHost,
  createFaultRig,
  createTlsFaultRig,
} from '../harness/faults/fault-rigs.js';
import { FAULTS } from '../harness/faults/faults.js';
import { oneOfEachKind, reducedMatrix, titled } from '../harness/faults/matrix.js';
import { ROUTES } from '../harness/faults/routes.js';
import { tlsFaults } from '../harness/faults/tls-faults.js';

describe('the matrix of faults', () => {
  it('has every route of the service that may need Alfresco', () => {
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
      paths: Record<string, Record<string, { operationId: string; tags: readonly string[] }>>;
    };
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path)
        .filter(({ tags }) => !tags.includes('auth'))
        .map(({ operationId }) => operationId),
    );
    const tried = new Set(ROUTES.map(({ operationId }) => operationId));
    expect([...tried].toSorted()).toEqual(operations.toSorted());
  });

  it('tries each fault with each kind of response, and six faults with each route', () => {
    const cells = reducedMatrix(FAULTS);
    for (const fault of FAULTS) {
      const kinds = cells.filter((cell) => cell.fault === fault).map(({ route }) => route.kind);
      expect(kinds).toEqual(expect.arrayContaining(['json', 'empty', 'content', 'probe']));
    }
    for (const route of ROUTES) {
      const faults = cells.filter((cell) => cell.route === route).map(({ fault }) => fault);
      expect(faults.filter(({ isRepresentative }) => isRepresentative)).toHaveLength(6);
    }
  });
});

/** `fault-matrix.slow.e2e-spec.ts` tries each fault with each route. */
describe('when Alfresco fails', () => {
  const rig = createFaultRig();

  it.each(titled(reducedMatrix(FAULTS)))('%s: %s %s', (_fault, _route, _promise, cell) =>
    rig().check(cell),
  );

  it('leaves nothing behind', () => rig().expectNothingLeft());

  describe('since its host name has no address', () => {
    const tryOut = createUnresolvableHost(rig);

    it.each(oneOfEachKind())('$name fails without naming the host', tryOut);
  });
});

describe.skipIf(isOpensslMissing())('when Alfresco fails behind TLS', () => {
  const { rig, tls } = createTlsFaultRig();

  it.each(titled(reducedMatrix(tlsFaults(tls))))('%s: %s %s', (_fault, _route, _promise, cell) =>
    rig().check(cell),
  );

  it('leaves nothing behind', () => rig().expectNothingLeft());
});
