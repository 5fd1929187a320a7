/** The demo's two services, each with its own way to log in, as in the response to `GET /demo/log-ins`. */
export interface LogIns {
  /** The service that has sent the page. */
  readonly here: 'password' | 'provider';
  /** Origin of the service for names and passwords. */
  readonly password: string;
  /** Origin of the service for users of the demo's OpenID provider. */
  readonly provider: string;
}
