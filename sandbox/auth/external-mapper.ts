import type { MappedRequest, RemoteUserMapper } from './remote-user-mapper.ts';

/** The external-authentication subsystem, in the chain and enabled. Names are those of `external.authentication.*`. */
export interface ExternalAuthentication {
  /**
   * Who may speak for others: the subject of a client certificate. Default `alfresco-system`; when empty, the header of
   * anyone is believed.
   */
  proxyUserName?: string;
  /** Default `X-Alfresco-Remote-User`. */
  proxyHeader?: string;
  /** The user is group 1 of what matches the whole header. Default: the user is the whole header. */
  userIdPattern?: RegExp;
}

const BASE64 = /^[A-Za-z\d+/=_\s-]*$/;

/** DefaultRemoteUserMapper. There is no user of the container (AJP, Tomcat realms) here. */
export class ExternalMapper implements RemoteUserMapper {
  readonly #proxyUserName: string;
  readonly #proxyHeader: string;
  readonly #userIdPattern: RegExp | undefined;

  constructor(settings: ExternalAuthentication) {
    this.#proxyUserName = settings.proxyUserName ?? 'alfresco-system';
    this.#proxyHeader = (settings.proxyHeader ?? 'X-Alfresco-Remote-User').toLowerCase();
    this.#userIdPattern =
      settings.userIdPattern && new RegExp(`^(?:${settings.userIdPattern.source})$`);
  }

  remoteUser(request: MappedRequest): string | undefined {
    const named = this.#namedIn(request);
    if (this.#proxyUserName === '') return named;
    if (request.certificateSubject !== this.#proxyUserName) return undefined;
    return named ?? request.certificateSubject;
  }

  #namedIn(request: MappedRequest): string | undefined {
    const value = request.header(this.#proxyHeader);
    if (value === undefined) return undefined;
    const isEncoded = request.header('remote-user-encode')?.toLowerCase() === 'true';
    const text = isEncoded ? Buffer.from(value, 'base64').toString('utf8') : reread(value);
    const name = this.#userIdPattern ? this.#userIdPattern.exec(text)?.[1] : text;
    return javaTrim(name ?? '') || undefined;
  }
}

/** Headers come as Latin-1. What cannot be Base64 is taken for UTF-8 that was read wrongly. */
function reread(value: string): string {
  return BASE64.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
}

/** Java's `trim` takes away everything up to the blank, control characters included. */
function javaTrim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
