import type { Sandbox } from '../../sandbox/sandbox.ts';
import { ServiceProcess } from './service-process.js';

/** Starts the service in a child process with these variables; it does not outlive the test. */
export type ProcessStarter = (variables?: Record<string, string>) => Promise<ServiceProcess>;

/** A fixture for tests about the start and the end of processes: `it.extend('start', processStarter)`. */
export function processStarter(
  { runningSandbox }: { readonly runningSandbox: Sandbox },
  { onCleanup }: { readonly onCleanup: (end: () => Promise<void>) => void },
): ProcessStarter {
  const started: ServiceProcess[] = [];
  onCleanup(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map((service) => service.exit()));
  });
  return async (variables) => {
    const service = await ServiceProcess.start(runningSandbox.url, variables);
    started.push(service);
    return service;
  };
}
