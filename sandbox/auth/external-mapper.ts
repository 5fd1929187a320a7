import type { MappedRequest, RemoteUserMapper } from './remote-user-mapper.ts';

/** Settings of the external-authentication subsystem, named as in `external.authentication.*`. */
export interface ExternalAuthentication {
  /**
   * The subject of the client certificate that may name other users. Default `alfresco-system`; if empty, the header is
   * trusted from everyone.
   */
  proxyUserName?: string;
  /** Default `X-Alfresco-Remote-User`. */
  proxyHeader?: string;
  /** Must match the whole header; group 1 is the user. Default: the whole header is the user. */
  userIdPattern?: RegExp;
}

const BASE64 = /^[A-Za-z\d+/=_\s-]*$/;

/** DefaultRemoteUserMapper, without users authenticated by the container (AJP, Tomcat realms). */
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

/** Node.js decodes headers as Latin-1. Alfresco treats a name that cannot be Base64 as UTF-8 that was decoded wrongly. */
function reread(value: string): string {
  return BASE64.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
}

/** Java's `trim` removes every character up to U+0020, control characters included. */
function javaTrim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
