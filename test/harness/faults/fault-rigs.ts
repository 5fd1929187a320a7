import { FOREIGN_HOST, leaksIn } from '../leaks.js';
import { MutualTls } from '../mutual-tls.js';
import type { ServiceProcess } from '../service-process.js';
import { FaultRig } from './fault-rig.js';
import type { Route } from './routes.js';

/** The rig of a suite, started before its tests. */
export function createFaultRig(): () => FaultRig {
  let rig: FaultRig;
  beforeAll(async () => {
    rig = await FaultRig.start();
  });
  afterAll(() => rig.close());
  return () => rig;
}

/** The same with TLS between the service and Alfresco. */
export function createTlsFaultRig(): { rig: () => FaultRig; tls: () => MutualTls } {
  let tls: MutualTls;
  let rig: FaultRig;
  beforeAll(async () => {
    tls = new MutualTls();
    const variables = { ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) };
    rig = await FaultRig.start({ tls: tls.ofSandbox }, variables);
  });
  afterAll(async () => {
    await rig.close();
    tls.close();
  });
  return { rig: () => rig, tls: () => tls };
}

/** Checks a route of a service whose Alfresco has a host name without an address. */
export function createUnresolvableHost(rig: () => FaultRig): (route: Route) => Promise<void> {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await rig().startInFrontOf(`http://${FOREIGN_HOST}/alfresco`);
  });
  afterAll(async () => {
    await service.stop();
    expect(leaksIn(service.text)).toEqual([]);
  });
  return async (route) => {
    const response = await rig().request(route, service);
    const body = await response.text();
    expect(leaksIn(body)).toEqual([]);
    if (route.kind === 'none') expect(response.status).toBe(200);
    else if (route.kind === 'probe') expect(response.status).toBe(503);
    // Depends on how long the resolver takes, and on when the breaker opens.
    else expect([502, 503, 504]).toContain(response.status);
  };
}
