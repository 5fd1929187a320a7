import { readFileSync } from 'node:fs';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { FOREIGN_HOST, leaksIn } from '../harness/leaks.js';
import { MutualTls } from '../harness/mutual-tls.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { FaultRig } from '../harness/faults/fault-rig.js';
import { FAULTS, type FaultRow, connecting } from '../harness/faults/faults.js';
import { ROUTES, type Route } from '../harness/faults/routes.js';

/** Each fault with each route. */
const matrix = (faults: readonly FaultRow[]) =>
  faults.flatMap((fault) =>
    ROUTES.map((route): [string, string, FaultRow, Route] => [fault[0], route.name, fault, route]),
  );

describe('the routes that are tried', () => {
  it('are all that there are', () => {
    const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    const tried = new Set(ROUTES.map(({ operationId }) => operationId));
    expect([...tried].toSorted()).toEqual(operations.toSorted());
  });
});

describe('Alfresco that fails', () => {
  let rig: FaultRig;

  beforeAll(async () => {
    rig = await FaultRig.start();
  });
  afterAll(() => rig.close());

  it.each(matrix(FAULTS))('%s: %s', (_fault, _route, fault, route) => rig.tryOut(fault, route));

  it('leaves nothing behind', () => rig.expectNothingLeft());

  describe('since its name has no address', () => {
    let service: ServiceProcess;

    beforeAll(async () => {
      service = await rig.startElsewhere(`http://${FOREIGN_HOST}/alfresco`);
    });
    afterAll(async () => {
      await service.stop();
      expect(leaksIn(service.text)).toEqual([]);
    });

    it.each(ROUTES.map((route) => [route.name, route] as const))('%s', async (_name, route) => {
      const answer = await rig.request(route, service);
      const body = await answer.text();
      expect(leaksIn(body)).toEqual([]);
      if (route.kind === 'none') expect(answer.status).toBe(200);
      else if (route.kind === 'probe') expect(answer.status).toBe(503);
      // How long the resolver takes is not in the hands of the service, nor when its breaker opens.
      else expect([502, 503, 504]).toContain(answer.status);
    });
  });
});

describe.skipIf(isOpensslMissing())('Alfresco behind TLS that fails', () => {
  const tls = new MutualTls();
  const impostors: Sandbox[] = [];
  let rig: FaultRig;

  beforeAll(async () => {
    rig = await FaultRig.start(
      { tls: tls.ofSandbox },
      { ALFRESCO_CA_FILE: tls.file('ca', tls.ca) },
    );
  });
  afterAll(async () => {
    await rig.close();
    await Promise.all(impostors.map((impostor) => impostor.close()));
    tls.close();
  });

  /** Leads new connections to another server. */
  const impostor =
    (options: () => SandboxOptions): FaultRow[1] =>
    async ({ proxy }) => {
      const good = proxy.target;
      const other = await startSandbox(options());
      impostors.push(other);
      proxy.reset();
      proxy.target = Number(new URL(other.url).port);
      return async () => {
        proxy.target = good;
        expect(other.requests).toEqual([]);
      };
    };
  const foreign = new MutualTls();
  const unreachable = { json: 'ALFRESCO_UNREACHABLE' } as const;
  const faults: FaultRow[] = [
    ['a certificate of another authority', impostor(() => ({ tls: foreign.server })), unreachable],
    [
      'a certificate that has expired',
      impostor(() => ({ tls: tls.issueExpired('/CN=alfresco') })),
      unreachable,
    ],
    [
      'a certificate for another host',
      impostor(() => ({ tls: tls.issue('/CN=alfresco', 'DNS:elsewhere.example') })),
      unreachable,
    ],
    ['no TLS at all', impostor(() => ({})), unreachable],
    ['something else than a handshake', connecting((it) => void it.write('hello\n')), unreachable],
    ['a handshake that is reset', connecting((it) => void it.resetAndDestroy()), unreachable],
    ['a handshake that is closed', connecting((it) => void it.end()), unreachable],
    ['a handshake that does not begin', connecting(() => {}), { json: 'ALFRESCO_TIMEOUT' }],
  ];

  it.each(matrix(faults))('%s: %s', (_fault, _route, fault, route) => rig.tryOut(fault, route));

  it('leaves nothing behind', () => rig.expectNothingLeft());
});
