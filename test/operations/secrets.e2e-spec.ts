import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchEvidence } from '../harness/evidence/evidence-search.js';
import { distinctiveNodeNames } from '../harness/evidence/node-names.js';

const INNOCENT =
  '{"level":"info","requestId":"8fb1b2dd-1525-4c98-a68a-ab582e4b72e5","caller":"basic:alice","path":"/downloads/x"}\n' +
  'bff_problems_total{code="UNAUTHENTICATED"} 3\n{"level":"warn","msg":"LINK_SECRET is not set"}\n';

/** Findings in a log with this line. */
async function foundIn(line: string, secrets: readonly string[] = []): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'evidence-'));
  await writeFile(join(directory, 'log-1'), `${INNOCENT}${line}\n${INNOCENT}`);
  await writeFile(join(directory, 'secrets-1'), 'not looked into: TICKET_1');
  const found = await searchEvidence(
    directory,
    secrets.map((value) => ({ kind: 'known', value })),
  );
  await rm(directory, { recursive: true });
  return found;
}

/** The search at the end of a run of end-to-end tests (see `harness/evidence/evidence-setup.ts`). */
describe('the search for secrets in logs, metrics and traces', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await foundIn('', ['open sesame'])).toEqual([]);
  });

  it.each([
    ['a ticket', '{"msg":"TICKET_57866258ea56c28491bb3e75d8355ebf6fbaaa23"}'],
    ['credentials', '{"x":"Basic YWxpY2U6b3BlbiBzZXNhbWU="}'],
    ['a header', String.raw`{"stringValue":"{\"authorization\":\"x\"}"}`],
    ['a cookie', 'Set-Cookie: JSESSIONID=1'],
    ['a token', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'],
    ['a link', '{"path":"/downloads/x/content?link=abc"}'],
    ['the value of a link', `WzE3NjM5NDQ0MDAwMDAsImEiXQ.${'s'.repeat(43)}`],
    ['the hash of a password', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['what had to be redacted', '{"msg":"Bearer [redacted]"}'],
  ])('finds %s by its shape', async (_what, line) => {
    expect(await foundIn(line)).not.toEqual([]);
  });

  it('finds known secrets verbatim, in JSON and in a URL, and reports where', async () => {
    const secret = 'pass "wörd"/1';
    for (const spelling of [secret, JSON.stringify(secret), encodeURIComponent(secret)]) {
      expect(await foundIn(`x ${spelling} y`, [secret])).toEqual([
        `known in log-1: x ${spelling} y`,
      ]);
    }
  });

  it('finds every one of many known secrets, even if they share a prefix or overlap', async () => {
    const secrets = Array.from({ length: 500 }, (_, index) => `secret-${index}`);
    const found = await foundIn(`${secrets.join(' ')} -secret-499`, [...secrets, '9 secret-2']);
    expect(found).toHaveLength(501);
  });

  it('knows the names of the sample nodes', () => {
    expect(distinctiveNodeNames()).toEqual(
      expect.arrayContaining(['naïve 日本 отчёт.txt', 'Projects', 'docTest4.txt', 'Budget.pdf']),
    );
  });
});
