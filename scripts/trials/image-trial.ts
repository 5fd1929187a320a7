/**
 * `npm run image:try`: builds the image, runs it against the stand-in as deploy/README.md says, and prints what was seen.
 * Exit code 0 when all is as it should be, 1 when something is not, 2 when there is no tool to try it with.
 */
import { baseImage } from './base-image.ts';
import { NoEngineError } from './container-engine.ts';
import { findEngine } from './find-engine.ts';
import { findings } from './image-findings.ts';
import { printTable } from './finding.ts';
import { TrialContainer } from './trial-container.ts';

const IMAGE = 'alfresco-downloads-bff:try';

try {
  process.exitCode = (await tryImage()) ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof NoEngineError ? 2 : 1;
}

/** @returns whether everything is as it should be */
async function tryImage(): Promise<boolean> {
  const engine = await findEngine();
  console.log(`With ${engine.description}.`);
  const base = await baseImage(engine);
  console.log(`Building ${IMAGE} on ${base.description} ...`);
  await engine.build(IMAGE, base.name);
  const trial = await TrialContainer.prepare(engine, IMAGE);
  process.once('SIGINT', () => void trial.remove().finally(() => process.exit(130)));
  try {
    await trial.start();
    return await printTable(findings(trial, base.name));
  } finally {
    await trial.remove();
  }
}
