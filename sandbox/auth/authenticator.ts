import { API_DEFAULT, ApiError, javaFailure } from '../rest/api-error.ts';
import type { Logins } from './logins.ts';
import type { People } from './people.ts';
import type { MappedRequest, RemoteUserMapper } from './remote-user-mapper.ts';
import type { Parameters } from '../rest/parameters.ts';
import type { Header } from '../rest/reply.ts';
import type { Tickets } from './tickets.ts';

const CHALLENGE: Header = ['WWW-Authenticate', 'AlfTicket realm="Alfresco -default- tenant"'];

/** The credentials of one request. */
export interface Credentials {
  parameters: Parameters;
  authorization: string | undefined;
}

/** How to accept users whom another system has authenticated. */
export interface RemoteUsers {
  /** That of the first active subsystem in the chain; Alfresco asks no other. */
  mapper: RemoteUserMapper | undefined;
  people: People;
  /** `create.missing.people` and `synchronization.autoCreatePeopleOnLogin`. */
  createMissingPeople: boolean;
}

/** Identifies the caller, as PublicApiAuthenticatorFactory and BasicHttpAuthenticatorFactory do. */
export class Authenticator {
  readonly #logins: Logins;
  readonly #tickets: Tickets;
  readonly #remoteUsers: RemoteUsers;

  constructor(logins: Logins, tickets: Tickets, remoteUsers: RemoteUsers) {
    this.#logins = logins;
    this.#tickets = tickets;
    this.#remoteUsers = remoteUsers;
  }

  /**
   * Identifies the caller by the mapper's user, `alf_ticket` or the Authorization header, in this order.
   *
   * @param verb for the name of the web script in the error
   * @returns the user's id
   * @throws ApiError 401; 500 or 400 for a Basic header that is not Base64
   */
  authenticate(request: Credentials & MappedRequest, verb: string): string {
    const { parameters, authorization } = request;
    const named = this.#remoteUsers.mapper?.remoteUser(request);
    if (named !== undefined) return this.#existing(named, verb);
    const fromUrl = parameters.first('alf_ticket');
    const user = fromUrl === undefined ? undefined : this.#tickets.validate(fromUrl);
    const userId = user ?? (authorization ? this.#byHeader(authorization) : undefined);
    if (userId === undefined) throw authenticationFailed(verb);
    return userId;
  }

  #existing(name: string, verb: string): string {
    const { people, createMissingPeople } = this.#remoteUsers;
    // A guest is let in only where no user is required (RepositoryContainer).
    if (/^guest(?:@|$)/i.test(name)) throw authenticationFailed(verb);
    const id = people.identifierOf(name);
    if (id !== undefined) return id;
    if (!createMissingPeople) throw authenticationFailed(verb);
    people.add(name);
    return name;
  }

  #byHeader(authorization: string): string | undefined {
    const [scheme = ''] = authorization.split(' ');
    if (scheme.toLowerCase() !== 'basic')
      throw challenge(401, `Authorization '${scheme}' not supported.`);
    const { userName, secret } = decodeBasic(authorization);
    if (isTicket(userName)) return this.#tickets.validate(secret);
    return this.#logins.accepts(userName, secret);
  }
}

/** The ticket of a request, from the URL or from either Basic form. @throws ApiError 400 without a ticket */
export function ticketOf({ parameters, authorization }: Credentials): string {
  const fromUrl = parameters.first('alf_ticket');
  if (fromUrl) return fromUrl;
  if (!authorization) throw new ApiError(400, 'Authorization header is required.');
  const [scheme = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic')
    throw new ApiError(400, `Authorization '${scheme}' not supported.`);
  const { userName, secret } = decodeBasic(authorization);
  if (!isTicket(userName)) throw new ApiError(400, 'Ticket base authentication required.');
  return secret;
}

/** The secret is a ticket if the user name is empty or ROLE_TICKET (Authorization.setUser). */
function isTicket(userName: string): boolean {
  return userName === '' || userName.toUpperCase() === 'ROLE_TICKET';
}

function decodeBasic(authorization: string): { userName: string; secret: string } {
  const encoded = authorization.split(' ')[1] ?? '';
  if (encoded === '') throw basicFailure(500, 'Index 1 out of bounds for length 1');
  if (!/^[A-Za-z\d+/=]*$/.test(encoded))
    throw basicFailure(500, 'Cannot read the array length because "bytes" is null');
  // Surf's Base64 decodes complete groups of four only, and treats padding inside a group as data.
  const groups = encoded.match(/.{4}/g) ?? [];
  if (groups.length === 0) throw basicFailure(400, 'authorization is a mandatory parameter');
  const decoded = Buffer.from(groups.join(''), 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return { userName: decoded.slice(0, Math.max(colon, 0)), secret: decoded.slice(colon + 1) };
}

function basicFailure(status: number, message: string): ApiError {
  return javaFailure(message, { status, cacheHeaders: true, headers: [CHALLENGE] });
}

function authenticationFailed(verb: string): ApiError {
  const script = `org/alfresco/api/ResourceWebScript.${verb.toLowerCase()}`;
  return challenge(401, `Authentication failed for Web Script ${script}`);
}

function challenge(status: number, summary: string): ApiError {
  return new ApiError(status, API_DEFAULT, { summary, cacheHeaders: true, headers: [CHALLENGE] });
}
