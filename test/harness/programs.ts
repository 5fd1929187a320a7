import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { TestContext } from 'vitest';

/** An optional program that some tests need. */
export interface Program {
  readonly name: string;
  /** What is not tested without it. */
  readonly purpose: string;
}

/** `.ci/run` installs all of them. */
export const PROGRAMS: readonly Program[] = [
  { name: 'chromium', purpose: 'the demo page, Swagger UI and ADF in a browser' },
  { name: 'curl', purpose: 'the walk-through of the README and the shell example' },
  {
    name: 'go',
    purpose:
      'a client in Go, generated from the OpenAPI document, and the manifests at a real API server',
  },
  { name: 'java', purpose: 'clients generated from the OpenAPI document, and Java’s among them' },
  { name: 'kubectl', purpose: 'the Kubernetes manifests' },
  { name: 'mvn', purpose: 'clients generated from the OpenAPI document, and Java’s among them' },
  { name: 'nginx', purpose: 'replicas behind a proxy' },
  { name: 'openssl', purpose: 'TLS and client certificates' },
  { name: 'promtool', purpose: 'metrics and alerts as Prometheus reads them' },
  {
    name: 'python3',
    purpose: 'Alfresco’s clients in Python, and the OpenAPI document with Schemathesis',
  },
  { name: 'redis-server', purpose: 'Redis as the store' },
  { name: 'systemd-analyze', purpose: 'the unit for systemd' },
  { name: 'unzip', purpose: 'ZIPs read by an independent program' },
];

/** Usual names and paths of Chromium and Chrome on Linux and macOS. */
const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/usr/bin/chromium',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const paths = new Map<string, string | undefined>();

/** Where the program is. `CHROME_PATH` says which browser to take for `chromium`. */
export function pathOf(program: string): string | undefined {
  if (!paths.has(program)) paths.set(program, find(program));
  return paths.get(program);
}

/** Skips the test when a program is missing; with `CI=true`, where all must be installed, fails it instead. */
export function requirePrograms(
  context: Pick<TestContext, 'skip'>,
  ...programs: readonly string[]
): void {
  const missing = programs.filter((program) => pathOf(program) === undefined);
  if (missing.length === 0) return;
  if (process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
  context.skip(`needs ${missing.join(' and ')}`);
}

export function missingPrograms(): Program[] {
  return PROGRAMS.filter(({ name }) => pathOf(name) === undefined);
}

function find(program: string): string | undefined {
  if (program !== 'chromium') return whereIs(program);
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH) return existsSync(CHROME_PATH) ? CHROME_PATH : undefined;
  for (const candidate of BROWSERS) {
    const path = whereIs(candidate);
    if (path !== undefined) return path;
  }
  return undefined;
}

function whereIs(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
