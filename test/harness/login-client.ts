interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** What a browser keeps of cookies and follows of redirects, without a page: one origin has one jar, as on one host. */
export class LoginClient {
  /** Of the service. */
  readonly url: string;
  readonly #publicUrl: string;
  /** By name and path. */
  private readonly jars = new Map<string, Map<string, Cookie>>();

  /**
   * @param url of the service
   * @param publicUrl where browsers see it, which a proxy maps to `url`
   */
  constructor(url: string, publicUrl = url) {
    this.url = url;
    this.#publicUrl = publicUrl;
  }

  /** The cookies of an origin as a header. */
  cookieHeader(url = this.url): string {
    return [...this.cookies(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Those that are sent to an address, by name. */
  cookies(url = this.url): ReadonlyMap<string, string> {
    const { pathname } = new URL(url);
    const sent = [...this.jarOf(url).values()].filter(({ path }) => pathname.startsWith(path));
    return new Map(sent.map(({ name, value }) => [name, value]));
  }

  /** Sends one request, and keeps the cookies of the response. */
  async fetch(path: string | URL, init: RequestInit = {}): Promise<Response> {
    let url = new URL(path, this.url);
    if (this.isService(url)) url = new URL(url.pathname + url.search, this.url);
    const headers = new Headers(init.headers);
    if (!headers.has('cookie')) headers.set('cookie', this.cookieHeader(url.href));
    const response = await fetch(url, { redirect: 'manual', ...init, headers });
    for (const line of response.headers.getSetCookie()) this.keep(url.href, line);
    return response;
  }

  /** To the page of the provider that asks for name and password; back to the service if the provider has asked before. */
  async begin(returnTo = '/'): Promise<URL> {
    let response = await this.fetch(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    let url = new URL(this.url);
    for (let hop = 0; hop < 3; hop += 1) {
      const location = response.headers.get('location');
      if (location === null) break;
      url = new URL(location, url);
      if (url.pathname.startsWith('/interaction/') || url.pathname === '/auth/callback') return url;
      response = await this.fetch(url);
    }
    throw new Error(`no page to log in: ${response.status}`);
  }

  /** Sends name and password; returns the address at the service that the provider sends the browser to. */
  async submit(page: URL, name: string, password: string): Promise<URL> {
    let url = page;
    if (this.isService(url)) return url;
    let response = await this.fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ name, password }),
    });
    for (let hop = 0; hop < 4; hop += 1) {
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider responds ${response.status}`);
      url = new URL(location, url);
      if (this.isService(url)) return url;
      response = await this.fetch(url);
    }
    throw new Error('the provider does not come back');
  }

  /** Logs in; the response of the service at the end. */
  async logIn(name: string, password: string, returnTo?: string): Promise<Response> {
    return this.fetch(await this.submit(await this.begin(returnTo), name, password));
  }

  private isService({ origin }: URL): boolean {
    return [this.url, this.#publicUrl].some((url) => new URL(url).origin === origin);
  }

  private jarOf(url: string): Map<string, Cookie> {
    const { origin } = new URL(url);
    return this.jars.get(origin) ?? this.jars.set(origin, new Map()).get(origin)!;
  }

  private keep(url: string, line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /;\s*path=([^;]*)/i.exec(line)?.[1] ?? '/';
    const hasEnded = value === '' || /;\s*max-age=0/i.test(line);
    if (hasEnded) this.jarOf(url).delete(`${name} ${path}`);
    else this.jarOf(url).set(`${name} ${path}`, { name, value, path });
  }
}
