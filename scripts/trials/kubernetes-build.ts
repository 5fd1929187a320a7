import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';

export const KUBERNETES = 'v1.35.4';
const ETCD = 'v3.6.5';
const PROMETHEUS_OPERATOR = 'v0.88.0';

/** Kept, unlike other builds, until somebody removes it. */
const FOLDER = join(
  import.meta.dirname,
  `../../.build/kubernetes-${KUBERNETES}-etcd-${ETCD}-operator-${PROMETHEUS_OPERATOR}`,
);

/** Paths of what has been built or downloaded. */
export interface Kubernetes {
  readonly etcd: string;
  readonly apiServer: string;
  /** The definition of ServiceMonitor, a resource of the Prometheus Operator. */
  readonly serviceMonitors: string;
}

/** What an earlier run has built, or builds it. @throws Error with Go's output */
export async function buildKubernetes(): Promise<Kubernetes> {
  const kubernetes = {
    // The names that Go gives to its modules' programs.
    etcd: join(FOLDER, 'server'),
    apiServer: join(FOLDER, 'kube-apiserver'),
    serviceMonitors: join(FOLDER, 'service-monitors.yaml'),
  };
  if (Object.values(kubernetes).every((path) => existsSync(path))) return kubernetes;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(kubernetes.serviceMonitors, await readFile(await serviceMonitors()));
  await goBuild();
  return kubernetes;
}

async function serviceMonitors(): Promise<string> {
  const operator = 'github.com/prometheus-operator/prometheus-operator';
  const { Dir } = await module(operator, PROMETHEUS_OPERATOR);
  const folder = 'example/prometheus-operator-crd';
  return join(Dir, folder, 'monitoring.coreos.com_servicemonitors.yaml');
}

/** Builds the API server and its store: some 850 MB of modules and minutes of CPU time. */
async function goBuild(): Promise<void> {
  const { GoMod } = await module('k8s.io/kubernetes', KUBERNETES);
  await writeFile(join(FOLDER, 'go.mod'), goMod(await readFile(GoMod, 'utf8')));
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(KUBERNETES) ?? [];
  const version = [`gitVersion=${KUBERNETES}`, `gitMajor=${major}`, `gitMinor=${minor}`];
  const variables = version.map((variable) => `-X=k8s.io/component-base/version.${variable}`);
  const flags = [
    '-mod=mod',
    '-trimpath',
    // What is run for a minute is compiled in two thirds of the time without inlining, and without what debuggers need.
    '-gcflags=all=-l -dwarf=false',
    `-ldflags=-s -w ${variables.join(' ')}`,
  ];
  // Without C, for which a compiler may be missing, and with less collecting of garbage in the compiler.
  const environment = ['CGO_ENABLED=0', 'GOGC=400'];
  const programs = ['go.etcd.io/etcd/server/v3', 'k8s.io/kubernetes/cmd/kube-apiserver'];
  await run('env', [...environment, 'go', 'build', '-C', FOLDER, ...flags, '-o', '.', ...programs]);
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
