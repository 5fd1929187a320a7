import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the demo uses of the compiled service. */
export type BuiltService = Awaited<ReturnType<typeof loadBuiltService>>;

/** @param built its folder */
export async function loadBuiltService(built: string) {
  const load = (name: string) => import(pathToFileURL(join(built, name)).href);
  const { createApp } = (await load('app.factory.js')) as typeof import('#service/app.factory.js');
  const { loadConfig } = (await load(
    'config/config-loader.js',
  )) as typeof import('#service/config/config-loader.js');
  const { DownloadRegistry } = (await load(
    'downloads/registry/download-registry.js',
  )) as typeof import('#service/downloads/registry/download-registry.js');
  const { CallerSource } = (await load(
    'auth/caller.guard.js',
  )) as typeof import('#service/auth/caller.guard.js');
  const { Authenticators } = (await load(
    'auth/authenticators.js',
  )) as typeof import('#service/auth/authenticators.js');
  const { CallerTokens } = (await load(
    'auth/caller-tokens.js',
  )) as typeof import('#service/auth/caller-tokens.js');
  return { createApp, loadConfig, DownloadRegistry, CallerSource, Authenticators, CallerTokens };
}
