import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE } from '../harness/bff.js';
import { ServiceProcess } from '../harness/service-process.js';
import type { Saved, Saving } from './saver.worker.js';

const DOWNLOADS = 500;
/** So many at a time, each of a ZIP of its own. */
const WORKERS = 10;
const SIZE = 20_000_000;
const MOST_CUTS = 3;

let sandbox: Sandbox;
let service: ServiceProcess;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  service = await ServiceProcess.start(sandbox.url, { LOG_LEVEL: 'warn' });
  api = DownloadsApi.ofBff(service.url!);
});
afterAll(async () => {
  await service.stop();
  await sandbox.close();
});

/** Random numbers from 0 to 1 that the same seed gives again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Saves files in a thread of its own. */
class Saver {
  private readonly worker = new Worker(new URL('./saver.worker.ts', import.meta.url));
  private readonly waiting = new Map<number, (result: string) => void>();

  constructor() {
    this.worker.on('message', ({ number, result }: Saved) => {
      this.waiting.get(number)?.(result);
      this.waiting.delete(number);
    });
  }

  /** The SHA-256 of what came, or why it did not come whole. */
  save(number: number, id: string): Promise<string> {
    const url = `${service.url}/downloads/${id}/content`;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.worker.postMessage({ number, url, headers: AS_ALICE } satisfies Saving);
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  close(): Promise<number> {
    return this.worker.terminate();
  }
}

it(
  `${DOWNLOADS} downloads of 20 MB, each cut at random places, are saved whole`,
  { timeout: 300_000 },
  async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const random = randomFrom(seed);
    const saver = new Saver();
    const outcomes: string[] = [];
    let cuts = 0;
    let begun = 0;

    /** Makes a ZIP, and saves it as long as there is something left to do. */
    const work = async () => {
      const id = await api.make([SAMPLE_NODES.mediumFile]);
      const direct = await DownloadsApi.ofAlfresco(sandbox.url).content(id);
      expect(direct.length).toBeGreaterThan(SIZE);
      const expected = createHash('sha256').update(direct).digest('hex');
      for (; begun < DOWNLOADS;) {
        const number = (begun += 1);
        const times = 1 + Math.floor(random() * MOST_CUTS);
        for (let cut = 0; cut < times; cut += 1) {
          // Counted from where the last cut left off, so that all of them hit something.
          const afterBytes = 1 + Math.floor((random() * SIZE) / MOST_CUTS);
          const kind = random() < 0.5 ? 'truncate' : 'reset-mid-body';
          sandbox.fail({ kind, afterBytes }, { path: new RegExp(`${id}/content$`) });
          cuts += 1;
        }
        const result = await saver.save(number, id);
        outcomes.push(result === expected ? 'whole' : result);
      }
    };

    const start = performance.now();
    await Promise.all(Array.from({ length: WORKERS }, work));
    await saver.close();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const resumes = service.text.match(/ALFRESCO_RESUMED/g)?.length ?? 0;
    console.log(
      `SEED=${seed}: ${outcomes.length} downloads, ${cuts} cuts, ${resumes} resumes, ${seconds} s`,
    );

    expect(outcomes).toEqual(Array(DOWNLOADS).fill('whole'));
    const asked = sandbox.requests.filter(({ url }) => url.endsWith('/content')).length;
    expect(asked).toBe(WORKERS + DOWNLOADS + cuts);
    // What breaks before its first byte has got through is asked for anew, without a word.
    expect(resumes).toBeGreaterThan(0.9 * cuts);
    expect(service.text).not.toContain('ALFRESCO_CUT');
  },
);
