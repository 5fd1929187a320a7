import { createHash } from 'node:crypto';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';
import { RequestLog } from '../harness/request-log.js';
import { digest, openContent } from './streamed-content.js';

const SIZE = 20_000_000;
const MOST_CUTS = 3;

/**
 * Defines a test that saves this many downloads, each interrupted at random offsets.
 *
 * @param inParallel number of concurrent downloads, each of a different ZIP
 * @param defaultSeed seed of the offsets; the environment variable SEED overrides it
 */
export function savesInterruptedDownloads(
  count: number,
  inParallel: number,
  defaultSeed: number,
): void {
  const log = new RequestLog();
  const it = configured({ onLine: log.add });
  const lines = (word: string) => log.lines.filter(({ msg }) => msg.startsWith(word)).length;
  const seed = Number(process.env.SEED ?? defaultSeed);

  it(
    `${count} downloads of 20 MB, each interrupted at random offsets, are saved whole`,
    { timeout: 60_000 + 1000 * count },
    async ({ sandbox, api }) => {
      const random = randomFrom(seed);
      const outcomes: string[] = [];
      let cuts = 0;
      let begun = 0;

      // One after another, while the machine is not busy yet.
      const zips: { id: string; expected: string }[] = [];
      while (zips.length < inParallel) {
        const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
        const direct = await DownloadsApi.ofAlfresco(sandbox.url).content(id);
        expect(direct.length).toBeGreaterThan(SIZE);
        zips.push({ id, expected: createHash('sha256').update(direct).digest('hex') });
      }

      /** Saves the ZIP repeatedly until all downloads have been started. */
      const work = async ({ id, expected }: { id: string; expected: string }) => {
        for (; begun < count;) {
          begun += 1;
          const times = 1 + Math.floor(random() * MOST_CUTS);
          for (let cut = 0; cut < times; cut += 1) {
            // Relative to the previous cut, so that every cut is within the content.
            const afterBytes = 1 + Math.floor((random() * SIZE) / MOST_CUTS);
            const kind = random() < 0.5 ? 'truncate' : 'reset-mid-body';
            sandbox.fail({ kind, afterBytes }, { path: new RegExp(`${id}/content$`) });
            cuts += 1;
          }
          const result = await save(api, id).catch((error: Error) => error.message);
          outcomes.push(result === expected ? 'whole' : result);
        }
      };
      await Promise.all(zips.map(work));

      const message = `with SEED=${seed}`;
      expect(outcomes, message).toEqual(Array(count).fill('whole'));
      const requests = sandbox.requests.filter(({ url }) => url.endsWith('/content'));
      expect(requests.length, message).toBe(inParallel + count + cuts);
      // If not even the first byte arrives, the request is retried rather than resumed.
      expect(lines('ALFRESCO_RESUMED'), message).toBeGreaterThan(0.9 * cuts);
      expect(lines('ALFRESCO_CUT'), message).toBe(0);
    },
  );
}

/** Reproducible random numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The SHA-256 of the content. @throws Error if it is incomplete */
async function save(api: DownloadsApi, id: string): Promise<string> {
  return (await digest(await openContent(api, id))).sha256;
}
