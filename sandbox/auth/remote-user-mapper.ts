/** What a mapper looks at. */
export interface MappedRequest {
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
  /** Subject of the client certificate as Java names it (RFC 2253); only over TLS, only if there is one. */
  certificateSubject: string | undefined;
}

/** Finds a user in what came with the request, without a password of Alfresco's own. */
export interface RemoteUserMapper {
  /**
   * The name of the user; undefined if this mapper has nothing to say.
   *
   * @throws ApiError 401
   */
  remoteUser(request: MappedRequest): string | undefined;
}
