import { EmbeddedExample } from '../harness/embedded-example.js';
import { withEmbedded } from '../harness/embedded-fixtures.js';
import * as promises from '../harness/embedded-suite.js';

const it = withEmbedded(() => EmbeddedExample.link());

describe('the module in an application on Fastify', { timeout: 60_000 }, () => {
  it('starts a download, and says where it is under the prefix of the application', ({ fastify }) =>
    promises.startsDownloads(fastify));

  it('streams events to the end', ({ fastify }) => promises.streamsEvents(fastify));

  it('serves the ZIP with HEAD, ranges and validators', ({ fastify }) =>
    promises.servesContent(fastify));

  it('responds to long polls when something has changed, and when time is up', ({ fastify }) =>
    promises.respondsToLongPolls(fastify));

  it('delivers a ZIP in one call, and removes the download', ({ fastify }) =>
    promises.deliversInOneCall(fastify));

  it('removes a download whose client disconnected before it was delivered', ({ fastify }) =>
    promises.removesUndelivered(fastify));

  it('cancels, and purges for good', ({ fastify }) => promises.cancelsAndPurges(fastify));

  it('gives the node of a download, and links under a name of its own', ({ fastify }) =>
    promises.givesNodesAndNamedLinks(fastify));

  it('makes links that need no key, and verifies them itself', ({ fastify }) =>
    promises.verifiesLinks(fastify));

  it('keeps callers apart', ({ fastify }) => promises.keepsCallersApart(fastify));

  it('gives the same download for the same Idempotency-Key, by the registry of the application', ({
    fastify,
  }) => promises.honoursIdempotencyKeys(fastify));

  it('names what is wrong in a problem document, whatever pipe the application has', ({
    fastify,
  }) => promises.namesProblems(fastify));

  it('leaves the routes and the errors of the application alone', ({ fastify }) =>
    promises.leavesTheApplicationAlone(fastify));

  it('is described in the OpenAPI document of the application, completely', ({ fastify }) =>
    promises.isDescribed(fastify));

  it('ends streams when the application is stopped, and holds it up no longer', ({ fastify }) =>
    promises.endsWithTheApplication(fastify));
});

describe('the module in an application on Express', { timeout: 60_000 }, () => {
  it('starts a download, and says where it is under the prefix of the application', ({ express }) =>
    promises.startsDownloads(express));

  it('streams events to the end', ({ express }) => promises.streamsEvents(express));

  it('serves the ZIP with HEAD, ranges and validators', ({ express }) =>
    promises.servesContent(express));

  it('makes links that need no key, and verifies them itself', ({ express }) =>
    promises.verifiesLinks(express));

  it('names what is wrong in a problem document, whatever pipe the application has', ({
    express,
  }) => promises.namesProblems(express));

  it('leaves the routes and the errors of the application alone', ({ express }) =>
    promises.leavesTheApplicationAlone(express));
});
