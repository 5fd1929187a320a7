import { EmbeddedExample } from '../harness/embedded-example.js';
import { withEmbedded } from '../harness/embedded-fixtures.js';
import * as promises from '../harness/embedded-suite.js';

const it = withEmbedded(() => EmbeddedExample.install());

describe('the packed module', { timeout: 60_000 }, () => {
  it.for(Object.entries(promises))('keeps its promises on Fastify: %s', ([, keep], { fastify }) =>
    keep(fastify),
  );

  it.for(Object.entries(promises))('keeps its promises on Express: %s', ([, keep], { express }) =>
    keep(express),
  );
});
