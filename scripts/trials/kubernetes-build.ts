import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';

export const KUBERNETES = 'v1.35.4';
const ETCD = 'v3.6.5';
const PROMETHEUS_OPERATOR = 'v0.88.0';

/** Kept, unlike other builds, until somebody removes it. */
const FOLDER = join(import.meta.dirname, `../../.build/kubernetes-${KUBERNETES}`);

/** Paths of what has been built or downloaded. */
export interface Kubernetes {
  readonly etcd: string;
  readonly apiServer: string;
  /** The definition of ServiceMonitor, a resource of the Prometheus Operator. */
  readonly serviceMonitors: string;
}

/** Builds the API server and its store, some 850 MB of modules and eight minutes of CPU time. @throws Error with Go's output */
export async function buildKubernetes(): Promise<Kubernetes> {
  await mkdir(FOLDER, { recursive: true });
  const { GoMod } = await module('k8s.io/kubernetes', KUBERNETES);
  await writeFile(join(FOLDER, 'go.mod'), goMod(await readFile(GoMod, 'utf8')));
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(KUBERNETES) ?? [];
  const version = [`gitVersion=${KUBERNETES}`, `gitMajor=${major}`, `gitMinor=${minor}`];
  const flags = version.map((variable) => `-X=k8s.io/component-base/version.${variable}`);
  await goBuild('etcd', 'go.etcd.io/etcd/server/v3');
  await goBuild('kube-apiserver', 'k8s.io/kubernetes/cmd/kube-apiserver', flags);
  const operator = 'github.com/prometheus-operator/prometheus-operator';
  const { Dir } = await module(operator, PROMETHEUS_OPERATOR);
  return {
    etcd: join(FOLDER, 'etcd'),
    apiServer: join(FOLDER, 'kube-apiserver'),
    serviceMonitors: join(
      Dir,
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
    ),
  };
}

/** A module in Go's cache. */
async function module(path: string, version: string): Promise<{ GoMod: string; Dir: string }> {
  const printed = await run('go', ['mod', 'download', '-json', `${path}@${version}`]);
  return JSON.parse(printed) as { GoMod: string; Dir: string };
}

/**
 * The go.mod of a module that needs both programs. That of Kubernetes replaces its own modules by folders of its repository, which
 * Go ignores in a module that others need; they are published with its version, as v0.
 */
function goMod(ofKubernetes: string): string {
  const own = [...ofKubernetes.matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\//gm)];
  const published = KUBERNETES.replace('v1.', 'v0.');
  return [
    'module kubernetes',
    /^go .+$/m.exec(ofKubernetes)?.[0],
    `require k8s.io/kubernetes ${KUBERNETES}`,
    `require go.etcd.io/etcd/server/v3 ${ETCD}`,
    ...own.map(([, name]) => `replace ${name} => ${name} ${published}`),
    '',
  ].join('\n');
}

/** Builds a program unless it is there. */
async function goBuild(output: string, path: string, linkerFlags: string[] = []): Promise<void> {
  if (existsSync(join(FOLDER, output))) return;
  const flags = ['-mod=mod', '-trimpath', `-ldflags=-s -w ${linkerFlags.join(' ')}`];
  const command = ['go', 'build', '-C', FOLDER, ...flags, '-o', output, path];
  // Without C, for which a compiler may be missing.
  await run('env', ['CGO_ENABLED=0', ...command]);
}
