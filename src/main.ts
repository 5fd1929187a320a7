const REQUIRED_NODE_MAJOR = 24;

// Nothing is imported statically: an older Node would fail to link modules it does not have,
// with a stack trace, before this line could explain what is wrong.
if (Number.parseInt(process.versions.node, 10) < REQUIRED_NODE_MAJOR) {
  console.error(
    `alfresco-downloads-bff needs Node.js ${REQUIRED_NODE_MAJOR} or newer; this is ${process.version} (${process.execPath}).`,
  );
  process.exitCode = 1;
} else {
  const { bootstrap } = await import('./bootstrap.js');
  await bootstrap();
}
