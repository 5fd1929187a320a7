import { EmbeddedExample } from '../harness/embedded-example.js';
import { withEmbedded } from '../harness/embedded-fixtures.js';
import * as promises from '../harness/embedded-suite.js';

const it = withEmbedded(() => EmbeddedExample.link());

describe('the module in an application on Fastify', { timeout: 60_000 }, () => {
  it('starts a download, and returns its URL under the prefix of the application', ({ fastify }) =>
    promises.startsDownloads(fastify));

  it('streams events to the end', ({ fastify }) => promises.streamsEvents(fastify));

  it('serves the ZIP with HEAD, ranges and validators', ({ fastify }) =>
    promises.servesContent(fastify));

  it('responds to long polls on a change, and on timeout', ({ fastify }) =>
    promises.respondsToLongPolls(fastify));

  it('delivers a ZIP in one call, and removes the download', ({ fastify }) =>
    promises.deliversInOneCall(fastify));

  it('removes a download whose client disconnects before delivery', ({ fastify }) =>
    promises.removesUndelivered(fastify));

  it('cancels, and purges for good', ({ fastify }) => promises.cancelsAndPurges(fastify));

  it('returns the node of a download, and links with a custom file name', ({ fastify }) =>
    promises.givesNodesAndNamedLinks(fastify));

  it('makes links that need no key, and verifies them itself', ({ fastify }) =>
    promises.verifiesLinks(fastify));

  it('keeps callers apart', ({ fastify }) => promises.keepsCallersApart(fastify));

  it('returns the same download for the same Idempotency-Key, with the application’s own registry', ({
    fastify,
  }) => promises.honoursIdempotencyKeys(fastify));

  it('reports mistakes in a problem document, whatever pipe the application has', ({ fastify }) =>
    promises.namesProblems(fastify));

  it('leaves the routes and the errors of the application alone', ({ fastify }) =>
    promises.leavesTheApplicationAlone(fastify));

  it('is described in the OpenAPI document of the application, completely', ({ fastify }) =>
    promises.isDescribed(fastify));

  it('closes streams when the application is stopped, and does not delay its exit', ({ fastify }) =>
    promises.endsWithTheApplication(fastify));
});

describe('the module in an application on Express', { timeout: 60_000 }, () => {
  it('starts a download, and returns its URL under the prefix of the application', ({ express }) =>
    promises.startsDownloads(express));

  it('streams events to the end', ({ express }) => promises.streamsEvents(express));

  it('serves the ZIP with HEAD, ranges and validators', ({ express }) =>
    promises.servesContent(express));

  it('makes links that need no key, and verifies them itself', ({ express }) =>
    promises.verifiesLinks(express));

  it('reports mistakes in a problem document, whatever pipe the application has', ({ express }) =>
    promises.namesProblems(express));

  it('leaves the routes and the errors of the application alone', ({ express }) =>
    promises.leavesTheApplicationAlone(express));
});
