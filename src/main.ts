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
  const { default: cluster } = await import('node:cluster');
  // `npm run build` puts the same modules into few files, see `scripts/bundle.ts`; `nest start` does not.
  const modules = existsSync(new URL('bundle', import.meta.url)) ? './bundle' : '.';
  // A worker of `WorkerPool` is this program once more.
  if (cluster.isWorker) {
    await import(`${modules}/cluster/worker.js`);
  } else {
    const { bootstrap } = (await import(
      `${modules}/bootstrap.js`
    )) as typeof import('./bootstrap.js');
    await bootstrap();
  }
}
