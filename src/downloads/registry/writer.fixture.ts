import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const WRITING = fileURLToPath(new URL('./writing.fixture.ts', import.meta.url));

/** Node does not run the TypeScript of src/ by itself. Made once, since each of several processes would need a second for it. */
const PROGRAM = `${await compiled(WRITING)}
  const [url, owner, count] = process.argv.slice(1);
  await write(url, owner, Number(count));
  process.exit();`;

async function compiled(input: string): Promise<string> {
  const { output } = await build({
    input,
    write: false,
    platform: 'node',
    external: /^[^./]/,
    resolve: { extensionAlias: { '.js': ['.ts'] } },
  });
  return output[0].code;
}

/** Another process of the service that records downloads as fast as it can. */
export class Writer {
  /** Ids whose recording has been acknowledged. */
  readonly acknowledged: string[] = [];
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly ready: Promise<void>;
  private readonly ended: Promise<unknown[]>;
  private complaints = '';

  constructor(url: string, owner: string, count: number) {
    const args = ['--input-type=module', '-e', PROGRAM, url, owner, String(count)];
    this.process = spawn(process.execPath, args);
    this.ended = once(this.process, 'close');
    this.process.stderr.on('data', (chunk) => (this.complaints += chunk));
    this.ready = new Promise((resolve) => {
      createInterface(this.process.stdout).on('line', (line) => {
        if (line === 'ready') resolve();
        else this.acknowledged.push(line);
      });
    });
  }

  /** Lets the writers begin at the same moment. */
  static async begin(...writers: Writer[]): Promise<void> {
    await Promise.all(writers.map((writer) => Promise.race([writer.ready, writer.ended])));
    for (const writer of writers) writer.process.stdin.write('go\n');
  }

  /** Resolves when everything has been recorded; rejects when something went wrong. */
  async finished(): Promise<void> {
    const [code] = await this.ended;
    if (code !== 0) throw new Error(`the writer ended with ${String(code)}: ${this.complaints}`);
  }

  /** Kills it as the kernel does when memory runs out; resolves when all it said has been read. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
