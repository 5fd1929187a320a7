/**
 * `npm run kubernetes:try -- [folder]`: sends manifests, those of deploy/kubernetes by default, to a real API server, and
 * prints what it says of them.
 * Exit code 0 when it takes all of them, 1 when it does not, 2 when Go or kubectl is not there.
 */
import { ApiServer } from './api-server.ts';
import { succeeds } from './command.ts';
import { printTable } from './finding.ts';
import { findings } from './kubernetes-findings.ts';
import { buildKubernetes, KUBERNETES } from './kubernetes-build.ts';

process.exitCode = await tryManifests(process.argv[2] ?? 'deploy/kubernetes');

async function tryManifests(folder: string): Promise<number> {
  const programs = { go: ['version'], kubectl: ['version', '--client'], openssl: ['version'] };
  for (const [program, args] of Object.entries(programs)) {
    if (await succeeds(program, args)) continue;
    console.error(
      `This needs ${Object.keys(programs).join(', ')}; ${program} cannot be used here.`,
    );
    return 2;
  }
  console.log(
    `Building Kubernetes ${KUBERNETES} from its Go modules, which takes minutes the first time ...`,
  );
  try {
    const server = await ApiServer.start(await buildKubernetes());
    try {
      return (await printTable(findings(server, folder))) ? 0 : 1;
    } finally {
      await server.stop();
    }
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}
