import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Bff, type BffOptions, startBff } from './bff.js';

/** Starts a service with these variables, which ends with the test. */
export type ServiceStarter = (
  variables?: Record<string, string>,
  options?: BffOptions,
) => Promise<Bff>;

/** A fixture for tests about starting and configuring: `configured({}).extend('start', serviceStarter)`. */
export function serviceStarter(
  { runningSandbox }: { readonly runningSandbox: Sandbox },
  { onCleanup }: { readonly onCleanup: (end: () => Promise<void>) => void },
): ServiceStarter {
  const started: Bff[] = [];
  onCleanup(async () => {
    await Promise.all(started.map((service) => service.close()));
  });
  return async (variables, options) => {
    const service = await startBff(runningSandbox.url, variables, options);
    started.push(service);
    return service;
  };
}
