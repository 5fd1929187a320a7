import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment, type IDeployment } from 'kubernetes-models/apps/v1';
import {
  HorizontalPodAutoscaler,
  type IHorizontalPodAutoscaler,
} from 'kubernetes-models/autoscaling/v2';
import { type INetworkPolicy, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { type IPodDisruptionBudget, PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, type IConfigMap, type IService, Service } from 'kubernetes-models/v1';
import type { AppConfig } from '#service/config/app-config.js';
import { deployedConfig, documentedVariables } from '../harness/deployed-config.js';
import { it } from '../harness/fixtures.js';
import { execForm, readStages, textsOf } from '../harness/dockerfile.js';
import {
  type Manifest,
  builtManifests,
  optionalManifest,
  wrongFields,
} from '../harness/kubernetes.js';
import { requirePrograms } from '../harness/programs.js';

const NAME = 'alfresco-downloads-bff';
const NAME_LABEL = { 'app.kubernetes.io/name': NAME };

/** By kind: its class, which has the schema, and the module of its type. */
const KINDS = {
  ConfigMap: [ConfigMap, 'kubernetes-models/v1'],
  Deployment: [Deployment, 'kubernetes-models/apps/v1'],
  HorizontalPodAutoscaler: [HorizontalPodAutoscaler, 'kubernetes-models/autoscaling/v2'],
  NetworkPolicy: [NetworkPolicy, 'kubernetes-models/networking.k8s.io/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'kubernetes-models/policy/v1'],
  Service: [Service, 'kubernetes-models/v1'],
  ServiceMonitor: [
    ServiceMonitor,
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  ],
} as const;

let manifests: Manifest[];
let monitor: Manifest;
let deployment: IDeployment;
let config: AppConfig;

beforeEach(async ({ skip }) => {
  requirePrograms({ skip }, 'kubectl');
  if (manifests) return;
  manifests = await builtManifests();
  monitor = await optionalManifest('service-monitor.yaml');
  deployment = manifestOf('Deployment');
  config = await deployedConfig(manifestOf('ConfigMap').data as Variables);
});

type Variables = Record<string, string>;

interface Types {
  ConfigMap: IConfigMap;
  Deployment: IDeployment;
  HorizontalPodAutoscaler: IHorizontalPodAutoscaler;
  NetworkPolicy: INetworkPolicy;
  PodDisruptionBudget: IPodDisruptionBudget;
  Service: IService;
}

function manifestOf<Kind extends keyof Types>(kind: Kind): Types[Kind] {
  return manifests.find((one) => one.kind === kind) as unknown as Types[Kind];
}

const pod = () => deployment.spec!.template.spec!;
const container = () => pod().containers[0]!;

describe('deploy/kubernetes', () => {
  it('is valid by the schemas of Kubernetes, without unknown fields', () => {
    const all = [...manifests, monitor];
    expect(all.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(KINDS).toSorted());
    for (const manifest of all) {
      const [Model] = KINDS[manifest.kind as keyof typeof KINDS];
      expect(() => new Model(manifest as never).validate()).not.toThrow();
    }
    const types = all.map(
      ({ kind }) => [KINDS[kind as keyof typeof KINDS][1], `I${kind}`] as const,
    );
    expect(wrongFields(all, types)).toEqual([]);
  });

  it('gives the service a valid configuration of documented variables', async () => {
    const documented = await documentedVariables();
    const { metadata, data } = manifestOf('ConfigMap');
    for (const name of Object.keys(data!)) expect([...documented]).toContain(name);
    expect(container().envFrom).toEqual([{ configMapRef: { name: metadata!.name } }]);
    expect(config.store.url).toMatch(/^redis:/);
    expect(config.links.isEphemeral).toBe(false);
  });

  it('mounts the Secret where the configuration expects its files, all of which deploy/README.md creates', async () => {
    const [mount] = container().volumeMounts!;
    const [volume] = pod().volumes!;
    expect(mount!.name).toBe(volume!.name);
    const files = Object.entries(manifestOf('ConfigMap').data!)
      .filter(([name]) => name.endsWith('_FILE'))
      .map(([, path]) => path);
    const readme = await readFile('deploy/README.md', 'utf8');
    expect(readme).toContain(`create secret generic ${volume!.secret!.secretName}`);
    for (const path of files) {
      expect(path).toMatch(new RegExp(`^${mount!.mountPath}/`));
      expect(readme).toContain(`--from-file=${path.slice(mount!.mountPath.length + 1)}=`);
    }
  });

  it('runs the service as the user of the image, with a read-only file system and no privileges', async () => {
    const image = (await readStages()).at(-1)!;
    const [uid, gid] = textsOf(image, 'USER')[0]!.split(':').map(Number);
    expect(pod().securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container().securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod()).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(container()).not.toHaveProperty('command');
    expect(execForm(textsOf(image, 'CMD')[0]!)).toEqual(['dist/main.js']);
  });

  it('probes routes that respond, at the port where the service listens', async ({ bff }) => {
    expect(container().ports).toEqual([{ name: 'http', containerPort: config.http.port }]);
    const { startupProbe, livenessProbe, readinessProbe } = container();
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      const { path, port } = probe!.httpGet!;
      expect(port).toBe('http');
      expect((await fetch(bff.url + path)).status).toBe(200);
    }
    expect(livenessProbe!.httpGet!.path).toBe('/health/live');
    expect(readinessProbe!.httpGet!.path).toBe('/health/ready');
  });

  it('gives a pod more time to stop than the service needs', () => {
    const preStopMs = container().lifecycle!.preStop!.sleep!.seconds * 1000;
    const stopTimeoutMs = pod().terminationGracePeriodSeconds! * 1000;
    expect(stopTimeoutMs).toBeGreaterThanOrEqual(preStopMs + config.shutdownGraceMs + 5000);
  });

  it('selects the same pods everywhere', () => {
    expect(deployment.spec!.template.metadata!.labels).toEqual(NAME_LABEL);
    const selectors = [
      deployment.spec!.selector.matchLabels,
      manifestOf('Service').spec!.selector,
      manifestOf('PodDisruptionBudget').spec!.selector!.matchLabels,
      manifestOf('NetworkPolicy').spec!.podSelector!.matchLabels,
    ];
    for (const selector of selectors) expect(selector).toEqual(NAME_LABEL);
    const { scaleTargetRef } = manifestOf('HorizontalPodAutoscaler').spec;
    expect(scaleTargetRef).toMatchObject({ kind: 'Deployment', name: deployment.metadata!.name });
    const [port] = manifestOf('Service').spec!.ports!;
    expect(port!.targetPort).toBe('http');
    expect(manifestOf('NetworkPolicy').spec!.ingress![0]!.ports).toEqual([{ port: 'http' }]);
  });

  it('has Prometheus scrape the service as the job that the alert rules name', async () => {
    const service = manifestOf('Service');
    const { spec } = new ServiceMonitor(monitor as never);
    expect(service.metadata!.labels).toMatchObject(spec.selector.matchLabels!);
    expect(spec.endpoints).toEqual([{ port: service.spec!.ports![0]!.name, path: '/metrics' }]);
    const rules = await readFile('deploy/prometheus/alerts.yml', 'utf8');
    const jobs = new Set([...rules.matchAll(/job="([^"]+)"/g)].map(([, job]) => job));
    expect([...jobs]).toEqual([service.metadata!.name]);
  });
});

describe('npm run kubernetes:try', () => {
  it('says what it needs, with exit code 2, when there is no Go', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/trials/kubernetes-trial.ts'], {
      env: { PATH: '' },
      encoding: 'utf8',
    });
    expect(stderr).toBe('This needs go, kubectl, openssl; go cannot be used here.\n');
    expect(status).toBe(2);
  });
});
