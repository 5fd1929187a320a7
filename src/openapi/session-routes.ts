import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { LogoutDto, SessionDto } from '../auth/session/session.dto.js';
import { SessionsController } from '../auth/session/sessions.controller.js';
import type { ProblemCode } from '../problems/problem-catalogue.js';
import { ApiOnlyProblems } from './api-problems.decorators.js';
import { LOGOUT_EXAMPLE, SESSION_EXAMPLE } from './examples.js';
import { NOT_KEPT, textHeader } from './headers.js';

/** Name of the security scheme. */
export const SESSION_SCHEME = 'session';

const EVERYWHERE: readonly ProblemCode[] = [
  'MALFORMED_REQUEST',
  'REQUEST_TIMEOUT',
  'TOO_MANY_REQUESTS',
  'HEADERS_TOO_LARGE',
  'INTERNAL_ERROR',
  'SHUTTING_DOWN',
  'IDENTITY_PROVIDER_UNAVAILABLE',
];

const WITH_BODY: readonly ProblemCode[] = [
  'MALFORMED_BODY',
  'ORIGIN_FORBIDDEN',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'STORE_UNAVAILABLE',
];

const redirect = (description: string, location: string, cookies: string) =>
  ApiResponse({
    status: 303,
    description,
    headers: {
      ...NOT_KEPT,
      Location: textHeader('Where the browser is to go.', location),
      'Set-Cookie': textHeader(cookies, '__Host-alfresco-downloads=…; Path=/; HttpOnly; Secure'),
    },
  });

const problems = (...codes: readonly ProblemCode[]) => ApiOnlyProblems(...codes, ...EVERYWHERE);

/** Of the routes where browsers log in and out, by the method of their controller. */
const DESCRIPTIONS: Readonly<Record<string, readonly MethodDecorator[]>> = {
  login: [
    ApiOperation({
      operationId: 'logIn',
      summary: 'Begin to log in',
      description:
        'For a browser to go to, not for `fetch`: it is sent on to the OpenID provider, and comes back to `returnTo` with the cookie of a session.',
    }),
    ApiQuery({
      name: 'returnTo',
      required: false,
      description: 'A path of this host, where the browser is to be afterwards.',
      schema: { type: 'string', maxLength: 1024, default: '/', example: '/docs' },
    }),
    redirect(
      'To the provider.',
      'https://id.example.com/realms/main/protocol/openid-connect/auth?client_id=downloads',
      'What this browser needs at the end of the log-in, for ten minutes.',
    ),
    problems('VALIDATION_FAILED'),
  ],
  callback: [
    ApiOperation({
      operationId: 'endLogIn',
      summary: 'Come back from the provider',
      description:
        'The redirect URI of this service at the provider, which sends the browser here with a code (OpenID Connect Core 1.0, section 3.1.2.5). Any session that the browser had before ends.',
    }),
    ApiQuery({
      name: 'state',
      required: false,
      description: 'As the service gave it to the provider.',
      schema: { type: 'string' },
    }),
    ApiQuery({
      name: 'code',
      required: false,
      description: 'What the service gets tokens for.',
      schema: { type: 'string' },
    }),
    redirect('To where the log-in began.', '/docs', 'The session. It goes with the browser.'),
    problems('LOGIN_FAILED', 'STORE_UNAVAILABLE'),
  ],
  session: [
    ApiOperation({
      operationId: 'getSession',
      summary: 'Look who is logged in',
      description:
        'For a page, to find out whether there is a session and when it ends. Counts as use of the session, as every request with its cookie does.',
    }),
    ApiSecurity(SESSION_SCHEME),
    ApiOkResponse({
      type: SessionDto,
      description: 'The session of this browser.',
      headers: NOT_KEPT,
      example: SESSION_EXAMPLE,
    }),
    problems('VALIDATION_FAILED', 'UNAUTHENTICATED', 'STORE_UNAVAILABLE'),
  ],
  logout: [
    ApiOperation({
      operationId: 'logOut',
      summary: 'Log out',
      description:
        'Ends the session at once, also its event streams, and takes the cookie away. The session at the provider goes on until the browser has gone to `logoutUrl`. May be repeated, and works without a session.',
    }),
    ApiOkResponse({
      type: LogoutDto,
      description: 'There is no session any more.',
      headers: {
        ...NOT_KEPT,
        'Set-Cookie': textHeader(
          'Takes the cookie away.',
          '__Host-alfresco-downloads=; Max-Age=0; Path=/; HttpOnly; Secure',
        ),
      },
      example: LOGOUT_EXAMPLE,
    }),
    problems(...WITH_BODY),
  ],
  backchannelLogout: [
    ApiOperation({
      operationId: 'backchannelLogout',
      summary: 'End sessions for the provider',
      description:
        'The provider calls this when someone logs out there (OpenID Connect Back-Channel Logout 1.0): the sessions that the token names end, in every process.',
    }),
    ApiConsumes('application/x-www-form-urlencoded'),
    ApiBody({
      required: true,
      schema: {
        type: 'object',
        required: ['logout_token'],
        properties: {
          logout_token: { type: 'string', description: 'A JWT that the provider has signed.' },
        },
      },
    }),
    ApiOkResponse({ description: 'They have ended, if there were any.', headers: NOT_KEPT }),
    problems('VALIDATION_FAILED', ...WITH_BODY),
  ],
};

// From here, since `auth` knows nothing of documents; once, since decorators add up.
ApiTags('auth')(SessionsController);
for (const [name, decorators] of Object.entries(DESCRIPTIONS)) {
  const { prototype } = SessionsController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  for (const decorate of decorators) decorate(prototype, name, descriptor);
}
