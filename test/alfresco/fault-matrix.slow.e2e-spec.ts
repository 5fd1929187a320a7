import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import {
  createUnresolvableHost,
  createFaultRig,
  createTlsFaultRig,
} from '../harness/faults/fault-rigs.js';
import { FAULTS } from '../harness/faults/faults.js';
import { titled, wholeMatrix } from '../harness/faults/matrix.js';
import { ROUTES } from '../harness/faults/routes.js';
import { tlsFaults } from '../harness/faults/tls-faults.js';

describe('when Alfresco fails, on every route', () => {
  const rig = createFaultRig();

  it.each(titled(wholeMatrix(FAULTS)))('%s: %s %s', (_fault, _route, _promise, cell) =>
    rig().check(cell),
  );

  it('leaves nothing behind', () => rig().expectNothingLeft());

  describe('since its host name has no address', () => {
    const tryOut = createUnresolvableHost(rig);

    it.each(ROUTES)('$name does not name the host', tryOut);
  });
});

describe.skipIf(isOpensslMissing())('when Alfresco fails behind TLS, on every route', () => {
  const { rig, tls } = createTlsFaultRig();

  it.each(titled(wholeMatrix(tlsFaults(tls))))('%s: %s %s', (_fault, _route, _promise, cell) =>
    rig().check(cell),
  );

  it('leaves nothing behind', () => rig().expectNothingLeft());
});
