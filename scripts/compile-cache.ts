import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the bundled service once, which leaves what V8 has compiled in `bundle/compile-cache/`, where `src/main.ts` has Node.js
 * look for it. It serves this version of Node.js, with its default options, for the user who builds; others compile anew.
 *
 * @param folder of the build
 * @throws Error with the output of the service, if it does not start
 */
export async function fillCompileCache(folder: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'compile-cache-'));
  try {
    const service = spawn(process.execPath, [join(folder, 'main.js')], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOST: '127.0.0.1',
        PORT: '0',
        STORE_URL: 'sqlite::memory:',
        // Never called.
        ALFRESCO_URL: 'http://127.0.0.1:9/alfresco',
        ALFRESCO_USERNAME: 'nobody',
        ALFRESCO_PASSWORD: 'nothing',
        USERS: `nobody:$2b$10$${'.'.repeat(53)}`,
      },
    });
    let printed = '';
    const read = (chunk: Buffer) => {
      printed += chunk.toString();
      // Node.js writes the cache as it ends.
      if (printed.includes('alfresco-downloads-bff listens on')) service.kill('SIGTERM');
    };
    service.stdout.on('data', read);
    service.stderr.on('data', read);
    const [exitCode] = (await once(service, 'close')) as [number | null];
    if (exitCode !== 0) throw new Error(`the bundle does not start:\n${printed}`);
  } finally {
    await rm(directory, { recursive: true });
  }
  await makeReadable(join(folder, 'bundle/compile-cache'));
}

/** Node.js creates the files for their owner only, who in an image is not the user of the service. */
async function makeReadable(cache: string): Promise<void> {
  for (const entry of await readdir(cache, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(entry.parentPath, entry.name), 0o644);
  }
}
