import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE } from '../harness/bff.js';
import { it } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';

/** `Accept` of browsers when a user follows a link. */
const NAVIGATION = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

describe('a user who follows a link', () => {
  it.for<[string, string, number, string]>([
    ['to a route that does not exist', '/no/such', 404, 'ROUTE_NOT_FOUND'],
    ['that has ended', '/downloads/x/content?link=e30.x', 403, 'LINK_INVALID'],
    ['without credentials', '/downloads/x', 401, 'UNAUTHENTICATED'],
    ['with an invalid id', '/downloads/50%25', 400, 'INVALID_ID'],
    ['that the router cannot read', '/downloads/50%', 400, 'MALFORMED_REQUEST'],
  ])('%s gets the problem as a page', async ([, path, expected, code], { bff }) => {
    const { status, headers, body } = await rawRequest(bff.port, {
      path,
      headers: { Accept: NAVIGATION, ...(code === 'INVALID_ID' && AS_ALICE) },
    });
    expect(status).toBe(expected);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers.vary).toBe('Accept');
    expect(body).toMatch(/^<!doctype html>/);
    expect(body).toContain(`<code>${code}</code>`);
    expect(body).toContain(headers['x-request-id']);
    expect(body).toContain(`href="/problems/${code.toLowerCase().replaceAll('_', '-')}"`);
  });

  it('gets Alfresco’s error about a missing download as a page', async ({ bff, user }) => {
    const { status, body } = await rawRequest(bff.port, {
      path: '/downloads/unknown',
      headers: { Accept: NAVIGATION, ...user.headers },
    });
    expect(status).toBe(404);
    expect(body).toContain('<code>DOWNLOAD_NOT_FOUND</code>');
  });

  it('gets a page in which the request cannot inject markup', async ({ bff }) => {
    const { body } = await rawRequest(bff.port, {
      path: '/downloads?maxItems=%3Cscript%3Ealert(1)%3C/script%3E',
      headers: {
        Accept: NAVIGATION,
        'X-Request-Id': '<script>alert(1)</script>',
        ...AS_ALICE,
      },
    });
    expect(body).toContain('maxItems must be');
    expect(body).not.toContain('<script');
    expect(body).not.toContain('alert(1)</');
  });

  it('gets the ZIP when nothing is wrong', async ({ bff, api, user }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { status, headers } = await rawRequest(bff.port, {
      path: `/downloads/${id}/content`,
      headers: { Accept: NAVIGATION, ...user.headers },
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/zip');
  });
});

describe('a program', () => {
  it.for([
    undefined,
    '*/*',
    'application/json',
    'application/json, text/plain, */*',
    'application/problem+json',
    'text/html;q=0.5, application/json',
    'image/png',
  ])('gets a problem document with Accept: %s', async (accept, { bff }) => {
    const { status, headers } = await rawRequest(bff.port, {
      path: '/downloads/x',
      headers: accept === undefined ? {} : { Accept: accept },
    });
    expect(status).toBe(401);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(headers.vary).toBe('Accept');
  });

  it('gets a problem document for a request that changes state, whatever it accepts', async ({
    bff,
  }) => {
    for (const method of ['POST', 'DELETE']) {
      const path = method === 'POST' ? '/downloads' : '/downloads/x';
      const { headers } = await rawRequest(bff.port, {
        method,
        path,
        headers: { Accept: NAVIGATION },
      });
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    }
  });
});
