import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { builtManifests, optionalManifest } from '../harness/kubernetes.js';
import { requirePrograms } from '../harness/programs.js';

/** The first time, it builds an API server. */
const BUILD_MS = 30 * 60_000;

beforeEach((context) => requirePrograms(context, 'go', 'kubectl', 'openssl'));

/** A copy of the manifests, with a change in one of them. */
async function changedManifests(name: string, right: string, wrong: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp('deploy/kubernetes', folder, { recursive: true });
  const path = join(folder, name);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(right);
  await writeFile(path, text.replace(right, wrong));
  return folder;
}

/** Its exit code, and the lines that it prints without the pauses between their columns. */
function tryManifests(...args: readonly string[]) {
  return new Promise<{ exitCode: unknown; lines: string[] }>((resolve) => {
    const command = ['run', '--silent', 'kubernetes:try', '--', ...args];
    execFile('npm', command, { timeout: BUILD_MS }, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.trim().split('\n');
      resolve({
        exitCode: error ? error.code : 0,
        lines: lines.map((line) => line.replaceAll(/ +/g, ' ')),
      });
    });
  });
}

describe('npm run kubernetes:try', { timeout: BUILD_MS }, () => {
  it('has a real API server accept each manifest, as it is', async () => {
    const manifests = [...(await builtManifests()), await optionalManifest('service-monitor.yaml')];
    expect(manifests.length).toBeGreaterThan(5);
    const { exitCode, lines } = await tryManifests();
    expect(lines.slice(1).filter((line) => !line.startsWith('✓ '))).toEqual([]);
    const accepted = lines.flatMap(
      (line) => /^✓ (\w+) created \(server dry run\)$/.exec(line)?.[1] ?? [],
    );
    expect(accepted.toSorted()).toEqual(manifests.map(({ kind }) => kind.toLowerCase()).toSorted());
    expect(lines).toEqual(expect.arrayContaining(['✓ applied exit 0', '✓ differences then none']));
    expect(exitCode).toBe(0);
  });

  it.each([
    ['deployment.yaml', 'selector:', 'selectors:', 'unknown field "spec.selectors"'],
    ['service-monitor.yaml', 'endpoints:', 'endpoint:', 'unknown field "spec.endpoint"'],
    [
      'deployment.yaml',
      'allowPrivilegeEscalation: false',
      'allowPrivilegeEscalation: true',
      'allowPrivilegeEscalation != false',
    ],
  ])('fails with what is wrong in the manifests of a folder: %s with %s as %s', async (...row) => {
    const [name, right, wrong, complaint] = row;
    const { exitCode, lines } = await tryManifests(await changedManifests(name, right, wrong));
    expect(lines).toContainEqual(expect.stringMatching(/^✗ refused /));
    expect(lines.join('\n')).toContain(complaint);
    expect(exitCode).toBe(1);
  });
});
