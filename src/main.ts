#!/usr/bin/env node
const REQUIRED_NODE_MAJOR = 24;

// Nothing is imported statically: an older Node would fail to link modules it does not have,
// with a stack trace, before this line could explain what is wrong.
if (Number.parseInt(process.versions.node, 10) < REQUIRED_NODE_MAJOR) {
  console.error(
    `alfresco-downloads-bff needs Node.js ${REQUIRED_NODE_MAJOR} or newer; this is ${process.version} (${process.execPath}).`,
  );
  process.exitCode = 1;
} else {
  const { existsSync } = await import('node:fs');
  const { enableCompileCache } = await import('node:module');
  const { default: cluster } = await import('node:cluster');
  // `npm run build` puts the same modules into few files, see `scripts/bundle.ts`; `nest start` does not.
  const bundle = `${import.meta.dirname}/bundle`;
  const modules = existsSync(bundle) ? './bundle' : '.';
  // Filled by `scripts/compile-cache.ts`. Where it is absent, for another user or read-only, the start only takes longer.
  if (modules === './bundle') {
    // For a folder that has been moved. Not by an option, which Node.js before 24.12 takes for a wrong path and throws.
    process.env.NODE_COMPILE_CACHE_PORTABLE ??= '1';
    enableCompileCache(`${bundle}/compile-cache`);
  }
  // A worker of `WorkerPool` is this program once more.
  if (cluster.isWorker) {
    await import(`${modules}/cluster/worker.js`);
  } else if (process.argv.length > 2) {
    const { runCommand } = (await import(
      `${modules}/command-line.js`
    )) as typeof import('./command-line.js');
    process.exitCode = await runCommand(process.argv.slice(2));
  } else {
    const { bootstrap } = (await import(
      `${modules}/bootstrap.js`
    )) as typeof import('./bootstrap.js');
    await bootstrap();
  }
}
