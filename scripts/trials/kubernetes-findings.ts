import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiServer } from './api-server.ts';
import type { Outcome } from './command.ts';
import type { Finding } from './finding.ts';

const NAMESPACE = 'trial';
const MONITORS = 'servicemonitors.monitoring.coreos.com';

/** Applies the manifests in a folder to a namespace with the strictest of the Pod Security Standards. */
export async function* findings(server: ApiServer, folder: string): AsyncGenerator<Finding> {
  yield finding('namespace', await server.kubectl('create', 'namespace', NAMESPACE));
  const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  yield finding(
    'restricted pods',
    await server.kubectl('label', 'namespace', NAMESPACE, ...labels),
  );
  yield await definedMonitors(server);
  const apply = ['apply', `--namespace=${NAMESPACE}`, '--validate=strict'];
  yield* ofEachLine(await server.kubectl(...apply, '--dry-run=server', '-k', folder));
  // Not part of the kustomization.
  const monitor = join(folder, 'service-monitor.yaml');
  if (existsSync(monitor)) {
    yield* ofEachLine(await server.kubectl(...apply, '--dry-run=server', '-f', monitor));
  }
  const applied = await server.kubectl(...apply, '-k', folder);
  yield { ...finding('applied', applied), seen: `exit ${applied.exitCode}` };
  const diff = await server.kubectl('diff', `--namespace=${NAMESPACE}`, '-k', folder);
  const differences = diff.stdout ? `${diff.stdout.split('\n').length} lines of diff` : 'none';
  yield { ...finding('differences then', diff), seen: differences };
}

async function definedMonitors(server: ApiServer): Promise<Finding> {
  const { serviceMonitors } = server.kubernetes;
  // Too long for the annotation in which kubectl would otherwise keep it.
  const defined = await server.kubectl('apply', '--server-side', '-f', serviceMonitors);
  await server.kubectl('wait', '--for=condition=Established', `crd/${MONITORS}`, '--timeout=30s');
  return finding('Prometheus Operator', defined);
}

/** kubectl prints a line for each object. */
function* ofEachLine({ exitCode, stdout, stderr }: Outcome): Generator<Finding> {
  for (const line of stdout.trim().split('\n').filter(Boolean)) {
    const [object = '', ...words] = line.split(' ');
    yield { subject: object.replace(/[./].*/, ''), seen: words.join(' '), isGood: true };
  }
  // Also warnings, of fields that are deprecated or pods that a standard forbids.
  const complaint = stderr.trim();
  if (complaint || exitCode !== 0) {
    yield { subject: 'refused', seen: complaint || `exit ${exitCode}`, isGood: false };
  }
}

function finding(subject: string, { exitCode, stdout, stderr }: Outcome): Finding {
  const isGood = exitCode === 0 && stderr === '';
  return { subject, seen: `${stdout}${stderr}`.trim(), isGood };
}
