import { createHash } from 'node:crypto';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';
import { RequestLog } from '../harness/request-log.js';
import { digest, openContent } from './streamed-content.js';

const SIZE = 20_000_000;
const MOST_CUTS = 3;

/**
 * Defines a test that saves so many downloads, each cut at random places.
 *
 * @param inParallel downloads at a time, each of a ZIP of its own
 * @param defaultSeed of the places, which the variable SEED overrides
 */
export function savesCutDownloads(count: number, inParallel: number, defaultSeed: number): void {
  const log = new RequestLog();
  const it = configured({ onLine: log.add });
  const lines = (word: string) => log.lines.filter(({ msg }) => msg.startsWith(word)).length;
  const seed = Number(process.env.SEED ?? defaultSeed);

  it(
    `${count} downloads of 20 MB, each cut at random places, are saved whole`,
    { timeout: 60_000 + 1000 * count },
    async ({ sandbox, api }) => {
      const random = randomFrom(seed);
      const outcomes: string[] = [];
      let cuts = 0;
      let begun = 0;

      // One after the other, and before anything else keeps the machine busy.
      const zips: { id: string; expected: string }[] = [];
      while (zips.length < inParallel) {
        const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
        const direct = await DownloadsApi.ofAlfresco(sandbox.url).content(id);
        expect(direct.length).toBeGreaterThan(SIZE);
        zips.push({ id, expected: createHash('sha256').update(direct).digest('hex') });
      }

      /** Saves the ZIP as long as there is something left to do. */
      const work = async ({ id, expected }: { id: string; expected: string }) => {
        for (; begun < count;) {
          begun += 1;
          const times = 1 + Math.floor(random() * MOST_CUTS);
          for (let cut = 0; cut < times; cut += 1) {
            // Counted from where the last cut left off, so that all of them hit something.
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

      const told = `with SEED=${seed}`;
      expect(outcomes, told).toEqual(Array(count).fill('whole'));
      const requests = sandbox.requests.filter(({ url }) => url.endsWith('/content'));
      expect(requests.length, told).toBe(inParallel + count + cuts);
      // When the first byte gets lost as well, the request is sent again, which is no resume.
      expect(lines('ALFRESCO_RESUMED'), told).toBeGreaterThan(0.9 * cuts);
      expect(lines('ALFRESCO_CUT'), told).toBe(0);
    },
  );
}

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

/** The SHA-256 of what has come. @throws Error when it has not come whole */
async function save(api: DownloadsApi, id: string): Promise<string> {
  return (await digest(await openContent(api, id))).sha256;
}
