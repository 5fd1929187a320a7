import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { SAMPLE_USERS } from '../../../sandbox/sample-nodes.ts';
import { CALLERS } from '../callers.js';
import { Collector } from '../collector.js';
import './evidence.js';
import { type Secret, recordedSecrets, searchEvidence } from './evidence-search.js';
import { distinctiveNodeNames } from './node-names.js';

/** Maximum number of findings to print. */
const MAX_SHOWN = 20;

/** A run of this many test files must produce evidence of each kind; a single file may not. */
const FILES_OF_A_RUN = 10;

/**
 * Keeps the logs, metrics and traces of all services of an end-to-end run, and fails the run at its end if they contain a
 * secret or the name of a node (vitest's `globalSetup`).
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'evidence-'));
  const collector = await Collector.start((body) =>
    appendFileSync(join(directory, 'traces'), `${body}\n`),
  );
  project.provide('evidence', { directory, collector: collector.endpoint });
  return async () => {
    await collector.close();
    const found = await searchEvidence(directory, await knownSecrets(directory));
    if (found.length > 0) {
      const [shown, more] = [found.slice(0, MAX_SHOWN), Math.max(0, found.length - MAX_SHOWN)];
      throw new Error(
        `Secrets or node names in ${directory}:\n${shown.join('\n')}\n(and ${more} more)`,
      );
    }
    const kinds = (await readdir(directory)).map((file) => file.replace(/-\d+$/, ''));
    const missing = ['log', 'metrics', 'traces'].filter((kind) => !kinds.includes(kind));
    if (missing.length > 0 && (await fileCount(directory)) >= FILES_OF_A_RUN) {
      throw new Error(`Nothing was kept of: ${missing.join(', ')}`);
    }
    await rm(directory, { recursive: true });
  };
}

/** The number of test files that have run. */
async function fileCount(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('files-'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.join('').split('\n').length - 1;
}

async function knownSecrets(directory: string): Promise<Secret[]> {
  const passwords = [...SAMPLE_USERS, ...Object.values(CALLERS)].map(({ password }) => password);
  return [
    ...passwords.map((value) => ({ kind: 'password', value })),
    ...distinctiveNodeNames().map((value) => ({ kind: 'node name', value })),
    ...(await recordedSecrets(directory)),
  ];
}
