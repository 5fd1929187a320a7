import { startBff } from './bff.js';
import { allUsers } from './callers.js';
import { FaultProxy } from './fault-proxy.js';
import { type Setup, configured, logIn } from './fixtures.js';

/** As `configured`, with a `proxy` between service and stand-in, whose faults end with each test. */
export function proxied({ sandbox, variables, onLine, pacing }: Setup) {
  return configured({ sandbox })
    .extend('runningProxy', { scope: 'file' }, async ({ runningSandbox }, { onCleanup }) => {
      const proxy = await FaultProxy.start(Number(new URL(runningSandbox.url).port));
      onCleanup(() => proxy.close());
      return proxy;
    })
    .extend('bff', { scope: 'file' }, async ({ runningSandbox, runningProxy }, { onCleanup }) => {
      const url = new URL(runningSandbox.url);
      url.port = String(runningProxy.port);
      const all = { USERS: allUsers(), ...variables };
      const bff = await startBff(url.href, all, { onLine, pacing });
      onCleanup(() => bff.close());
      await logIn(bff, runningSandbox);
      return bff;
    })
    .extend('proxy', ({ runningProxy }, { onCleanup }) => {
      runningProxy.requestLines.length = 0;
      onCleanup(() => runningProxy.clear());
      return runningProxy;
    });
}
