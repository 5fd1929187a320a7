/** The parts of a request that a mapper reads. */
export interface MappedRequest {
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
  /** Subject of the client certificate in Java's form (RFC 2253), if the client sent one over TLS. */
  certificateSubject: string | undefined;
}

/** Identifies users whom another system has authenticated. */
export interface RemoteUserMapper {
  /**
   * Returns the user's name, or undefined if the request carries nothing for this mapper.
   *
   * @throws ApiError 401
   */
  remoteUser(request: MappedRequest): string | undefined;
}
