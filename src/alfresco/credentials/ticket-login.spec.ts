import type { AlfrescoConfig } from '../../config/app-config.js';
import type { UpstreamRequest } from '../http/upstream-call.js';
import { createPipeline, sendBy } from '../http/upstream.fixture.js';
import { TicketLogin } from './ticket-login.js';

const CONFIG = {
  url: 'https://acs.example.com/alfresco',
  tenant: '-default-',
  username: 'svc',
  password: 'pass"wörd',
  timeoutMs: 1000,
} as AlfrescoConfig;

const TICKET = 'TICKET_57866258ea56c28491bb3e75d8355ebf6fbaaa23';

/** A login with this response. */
function loginWith(status: number, data: string) {
  const requests: UpstreamRequest[] = [];
  const transport = sendBy(async (request) => {
    requests.push(request);
    return { status, data };
  });
  const send = createPipeline(CONFIG).pipeline.compose(transport);
  return { requests, login: new TicketLogin(send, CONFIG) };
}

const error = (statusCode: number, errorKey: string) =>
  JSON.stringify({ error: { errorKey, statusCode, briefSummary: `10240001 ${errorKey}` } });

describe('a login for a ticket', () => {
  it('posts name and password to the authentication API and sends the ticket as Basic', async () => {
    const { login, requests } = loginWith(201, JSON.stringify({ entry: { id: TICKET } }));
    const { authorization } = await login.obtain();
    expect(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()).toBe(
      `ROLE_TICKET:${TICKET}`,
    );
    const [{ method, path, body, headers } = {} as never] = requests;
    expect(`${method} ${path}`).toBe(
      'POST /alfresco/api/-default-/public/authentication/versions/1/tickets',
    );
    expect(JSON.parse(body!)).toEqual({ userId: 'svc', password: 'pass"wörd' });
    expect(headers.Authorization).toBeUndefined();
    expect(headers['Content-Type']).toBe('application/json');
  });

  it.each([
    ['403 of Alfresco', 403, error(403, 'Login failed'), 'ALFRESCO_CREDENTIALS_REJECTED'],
    ['401', 401, '', 'ALFRESCO_CREDENTIALS_REJECTED'],
    ['403 of something else', 403, '<html></html>', 'ALFRESCO_BAD_RESPONSE'],
    ['404', 404, error(404, 'framework.exception.NotFound'), 'ALFRESCO_ERROR'],
    ['500', 500, '', 'ALFRESCO_ERROR'],
    ['a redirect', 302, '', 'ALFRESCO_BAD_RESPONSE'],
    ['200', 200, JSON.stringify({ entry: { id: TICKET } }), 'ALFRESCO_BAD_RESPONSE'],
    ['no entry', 201, '{}', 'ALFRESCO_BAD_RESPONSE'],
    ['no ticket', 201, '{"entry":{}}', 'ALFRESCO_BAD_RESPONSE'],
    ['a ticket of a number', 201, '{"entry":{"id":1}}', 'ALFRESCO_BAD_RESPONSE'],
    ['something else', 201, '{"entry":{"id":"TOKEN_1"}}', 'ALFRESCO_BAD_RESPONSE'],
    ['a colon', 201, '{"entry":{"id":"TICKET_a:b"}}', 'ALFRESCO_BAD_RESPONSE'],
    ['a line break', 201, '{"entry":{"id":"TICKET_a\\r\\nX: y"}}', 'ALFRESCO_BAD_RESPONSE'],
  ])('fails with the response %s', async (_what, status, body, code) => {
    const failure = await loginWith(status, body)
      .login.obtain()
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code });
    expect(JSON.stringify(failure)).not.toContain('wörd');
  });
});
