import { fromBuffer, type ZipFile } from 'yauzl';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Finding } from './finding.ts';
import { becomesReady } from './listening.ts';
import type { TrialContainer } from './trial-container.ts';

/** Bytes of the image beyond its base, at most. */
const MAX_SIZE = 250_000_000;
/** Exit code of a service that refuses its configuration. */
const EXIT_CONFIGURATION = 78;
const JOB_MS = 30_000;

/** Looks at the running container, and in the end stops it. */
export async function* findings(trial: TrialContainer, base: string): AsyncGenerator<Finding> {
  yield* process1(trial);
  yield await fileSystem(trial);
  yield await healthCheck(trial);
  yield await check(trial);
  yield await wholeJob(trial);
  yield await documentation(trial);
  yield await publishedPort(trial);
  yield await size(trial, base);
  yield await wrongConfiguration(trial);
  yield await termination(trial);
}

/** What the kernel says of the container's first process, which is the service. */
async function* process1(trial: TrialContainer): AsyncGenerator<Finding> {
  const { stdout } = await trial.node('--print', "fs.readFileSync('/proc/1/status', 'utf8')");
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(stdout)?.[1] ?? '';
  const user = `${field('Uid')}:${field('Gid')}`;
  yield { subject: 'user', seen: user, isGood: user === '1000:1000' };
  const sets = ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
  const isWithout = sets.every((name) => /^0+$/.test(field(name)));
  const seen = isWithout ? 'none' : sets.map((name) => `${name} ${field(name)}`).join(', ');
  yield { subject: 'capabilities', seen, isGood: isWithout };
  const isFixed = field('NoNewPrivs') === '1';
  yield { subject: 'new privileges', seen: isFixed ? 'none' : 'possible', isGood: isFixed };
}

/** Which of the folders that a service might write to it can write to. */
async function fileSystem(trial: TrialContainer): Promise<Finding> {
  const script = `
    const folders = ['/', '/app', '/app/dist', '/tmp', '/run', '/var/tmp', '/etc', process.env.HOME ?? '/root', '/app/data'];
    const isWritable = (folder) => {
      try { fs.writeFileSync(folder + '/try', ''); fs.unlinkSync(folder + '/try'); return true; } catch { return false; }
    };
    console.log(folders.filter(isWritable).join(' ') + '; ' + fs.readdirSync('/app/data').join(' '));`;
  const [writable = '', files = ''] = (await trial.node('--eval', script)).stdout
    .trim()
    .split('; ');
  return {
    subject: 'file system',
    seen: `written to: ${writable || 'nothing'}, which has ${files || 'no files'}`,
    isGood: writable === '/app/data' && files.includes('downloads.db'),
  };
}

async function healthCheck(trial: TrialContainer): Promise<Finding> {
  const isHealthy = await trial.isHealthy();
  return { subject: 'health check', seen: isHealthy ? 'passes' : 'fails', isGood: isHealthy };
}

/** The service's own check of the installation, in the container. */
async function check(trial: TrialContainer): Promise<Finding> {
  const { exitCode, stdout, stderr } = await trial.node('dist/main.js', 'check');
  // Podman has warnings of its own in stderr.
  const last = (stdout || stderr).trim().split('\n').at(-1);
  return { subject: 'check', seen: `${last}; exit ${exitCode}`, isGood: exitCode === 0 };
}

/** A ZIP is made, watched, saved and removed. */
async function wholeJob(trial: TrialContainer): Promise<Finding> {
  const request = (method: string, path: string, body?: string) =>
    fetch(trial.url + path, {
      method,
      body: body ?? null,
      headers: { authorization: trial.authorization, 'content-type': 'application/json' },
    });
  const anonymous = (await fetch(`${trial.url}/downloads`)).status;
  const nodeIds = [SAMPLE_NODES.projectsFolder];
  const created = await request('POST', '/downloads', JSON.stringify({ nodeIds }));
  const { id } = await entryOf(created);
  let status = '';
  await becomesReady(JOB_MS, async () => {
    ({ status } = await entryOf(await request('GET', `/downloads/${id}`)));
    return status === 'DONE';
  });
  const content = await request('GET', `/nodes/${id}/content`);
  const files = await countFiles(Buffer.from(await content.arrayBuffer()));
  const removed = await request('DELETE', `/downloads/${id}`);
  const statuses = [anonymous, created.status, content.status, removed.status];
  return {
    subject: 'a ZIP by HTTP',
    seen: `${status}, ${files} files; without credentials, POST, GET and DELETE: ${statuses.join(' ')}`,
    isGood: statuses.join(' ') === '401 202 200 202' && status === 'DONE' && files > 0,
  };
}

async function entryOf(response: Response): Promise<{ id: string; status: string }> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return (JSON.parse(text) as { entry: { id: string; status: string } }).entry;
}

function countFiles(zip: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, (error: Error | null, file?: ZipFile) =>
      error ? reject(error) : resolve(file!.entryCount),
    );
  });
}

/** Swagger UI: its files are not in the bundle. */
async function documentation(trial: TrialContainer): Promise<Finding> {
  const paths = ['/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'];
  const statuses = await Promise.all(
    paths.map(async (path) => (await fetch(trial.url + path)).status),
  );
  return {
    subject: 'Swagger UI',
    seen: statuses.join(' '),
    isGood: statuses.every((status) => status === 200),
  };
}

/** The service where the image lets it listen, instead of on the network of this machine. */
async function publishedPort(trial: TrialContainer): Promise<Finding> {
  const subject = 'published port';
  if (!(await trial.engine.publishes())) {
    return { subject, seen: 'not tried: no network for containers', isGood: true };
  }
  const status = await trial.startPublished('/docs');
  return { subject, seen: String(status), isGood: status === 200 };
}

async function size(trial: TrialContainer, base: string): Promise<Finding> {
  const whole = await trial.engine.size(trial.image);
  const beyond = whole - (await trial.engine.size(base));
  return {
    subject: 'size',
    seen: `${megabytes(whole)}, of which ${megabytes(beyond)} beyond the base`,
    isGood: beyond < MAX_SIZE,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function wrongConfiguration(trial: TrialContainer): Promise<Finding> {
  const exitCode = await trial.startWith({ ALFRESCO_URL: 'nonsense' });
  return {
    subject: 'wrong configuration',
    seen: `exit ${exitCode}`,
    isGood: exitCode === EXIT_CONFIGURATION,
  };
}

async function termination(trial: TrialContainer): Promise<Finding> {
  const start = performance.now();
  const exitCode = await trial.terminate();
  const ms = Math.round(performance.now() - start);
  return { subject: 'SIGTERM', seen: `exit ${exitCode} after ${ms} ms`, isGood: exitCode === 0 };
}
