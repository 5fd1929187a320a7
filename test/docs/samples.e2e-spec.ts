import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { loadConfig } from '#service/config/config-loader.js';
import { users } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { MarkdownDocument, codesIn } from '../harness/markdown.js';
import { until } from '../harness/polling.js';
import { BUILT_SERVICE } from '../harness/service-process.js';

const lines: string[] = [];
const it = configured({ onLine: (line) => lines.push(line) });

const isOfContent = (line: string) => line.includes('"route":"/downloads/:id/content"');

const jsonIn = ({ fences }: MarkdownDocument) =>
  JSON.parse(fences.find(({ language }) => language === 'json')!.text) as object;

describe('the samples in the documents', () => {
  it('show the problem document that such a request gets', async ({ api }) => {
    const response = await api.create([SAMPLE_NODES.reportPdf, SAMPLE_NODES.reportPdf]);
    const real = (await response.json()) as { requestId: string };
    const shown = jsonIn(await MarkdownDocument.read('docs/errors.md')) as { requestId: string };
    const text = JSON.stringify(real).replaceAll(real.requestId, shown.requestId);
    expect(shown).toEqual(JSON.parse(text));
  });

  it('show the message about a wrong configuration', async () => {
    const page = await MarkdownDocument.read('docs/configuration.md');
    const [command = '', ...output] = page.fences
      .find(({ language }) => language === 'console')!
      .text.trim()
      .split('\n');
    const directory = await mkdtemp(join(tmpdir(), 'configuration-'));
    await symlink(BUILT_SERVICE, join(directory, 'dist'));
    const shell = spawn('sh', ['-c', command.replace(/^\$ /, '')], {
      cwd: directory,
      env: { PATH: process.env.PATH },
    });
    let printed = '';
    shell.stderr.on('data', (chunk) => (printed += String(chunk)));
    const code = await new Promise((settle) => shell.once('close', settle));
    await rm(directory, { recursive: true });
    expect(printed.trim().split('\n')).toEqual(output);
    expect(code).toBe(78);
  });

  it('are configurations that the service accepts, once their files exist', async () => {
    const { fences } = await MarkdownDocument.read('docs/configuration.md');
    const examples = fences.filter(({ language }) => language === 'sh');
    expect(examples.length).toBeGreaterThanOrEqual(2);
    const directory = await mkdtemp(join(tmpdir(), 'configuration-'));
    const contents = { USERS_FILE: users('alice'), STORE_URL_FILE: 'redis://cache.example.com' };
    for (const { text } of examples) {
      const variables = Object.fromEntries(
        text
          .trim()
          .split('\n')
          .map((line) => [line.split('=')[0]!, line.replace(/^\w+=/, '')]),
      );
      for (const name of Object.keys(variables).filter((one) => one.endsWith('_FILE'))) {
        variables[name] = join(directory, name);
        const secret = 'x'.repeat(32);
        await writeFile(variables[name], { [name]: secret, ...contents }[name]!);
      }
      expect(() => loadConfig(variables)).not.toThrow();
    }
    await rm(directory, { recursive: true });
  });

  it('show the log line of a request, field by field', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const content = await api.request('GET', `/downloads/${id}/content`, { headers });
    await content.arrayBuffer();
    const line = await until(
      () => lines.find(isOfContent),
      (found) => found !== undefined,
    );
    const page = await MarkdownDocument.read('docs/operations.md');
    const real = Object.keys(JSON.parse(line!) as object);
    expect(Object.keys(jsonIn(page))).toEqual(real);

    await api.status('unknown');
    const described = page.rows('field').flatMap(([field = '']) => codesIn(field));
    await until(
      () => lines.filter((one) => one.includes('"status":404')).length,
      (count) => count > 0,
    );
    const fields = new Set(lines.flatMap((one) => Object.keys(JSON.parse(one) as object)));
    expect([...fields].filter((field) => !described.includes(field))).toEqual([]);
  });
});
