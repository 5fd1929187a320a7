/**
 * Code for the page, which `@nestjs/swagger` writes into its script where an option is a function. As text, since a compiled
 * function would refer to helpers of the bundle.
 */
function written(code: string): () => void {
  return Object.assign(() => {}, { toString: () => code });
}

/**
 * For requests of the page. With X-Requested-With a 401 opens no window of the browser, and the cookie of a session may change
 * something; the provider would have to allow it. Credentials from the dialog go without the cookie, since both at once are
 * refused.
 */
const requestInterceptor = written(`(request) => {
  const isOwn = new URL(request.url, location.href).origin === location.origin;
  if (isOwn) request.headers['X-Requested-With'] = 'XMLHttpRequest';
  else delete request.headers['X-Requested-With'];
  if (request.headers.Authorization !== undefined) request.credentials = 'omit';
  return request;
}`);

/** Beside the page, whose address may end with a slash; by default it would be one level too high. */
const oauth2RedirectUrl = written(
  String.raw`location.origin + location.pathname.replace(/\/(?:index\.html)?$/, '') + '/oauth2-redirect.html'`,
);

/** Nobody can type a cookie that no script may set, so the dialog does not ask for it. */
const withoutCookie = written(`() => ({
  statePlugins: { auth: { wrapSelectors: {
    definitionsToAuthorize: (original) => (...args) =>
      original(...args)?.filter((definition) => definition.first().get('in') !== 'cookie'),
  } } },
})`);

/** Options of Swagger UI that are code. */
export const SCRIPTS = { requestInterceptor, oauth2RedirectUrl };

/** Those of a service where browsers log in. @param authPath path of the routes where they do */
export function sessionScripts(authPath: string) {
  return {
    plugins: [written('SwaggerUIBundle.plugins.DownloadUrl'), withoutCookie],
    onComplete: written(`() => (${whoIsLoggedIn})(${JSON.stringify(authPath)})`),
    responseInterceptor: written(`(response) => {
      if (response.status === 401) window.dispatchEvent(new Event('logged-out'));
      return response;
    }`),
  };
}

/** A line above the API: who is logged in, and where to log in or out. */
const whoIsLoggedIn = `(authPath) => {
  const line = document.createElement('p');
  line.className = 'who';
  line.setAttribute('role', 'status');
  document.querySelector('#swagger-ui').before(line);
  const headers = { 'X-Requested-With': 'XMLHttpRequest' };
  const logOut = async () => {
    const response = await fetch(authPath + '/logout', { method: 'POST', headers });
    const { logoutUrl } = response.ok ? await response.json() : {};
    if (logoutUrl) location.assign(logoutUrl);
    else await show();
  };
  const show = async () => {
    const response = await fetch(authPath + '/session', { headers }).catch(() => undefined);
    if (response?.ok) {
      const { name } = await response.json();
      const person = document.createElement('strong');
      person.textContent = name;
      const button = document.createElement('button');
      button.textContent = 'Log out';
      button.onclick = () => void logOut();
      line.replaceChildren('Logged in with this browser as ', person, '. ', button);
    } else if (response?.status === 401) {
      const link = document.createElement('a');
      link.textContent = 'Log in';
      // Back to the route that is open by then.
      link.onclick = () => { link.href = loginHere(); };
      link.href = loginHere();
      line.replaceChildren('Nobody is logged in with this browser. ', link);
    } else line.replaceChildren('It cannot be found out now who is logged in with this browser.');
  };
  const loginHere = () =>
    authPath + '/login?returnTo=' + encodeURIComponent(location.pathname + location.hash);
  addEventListener('logged-out', () => void show());
  document.addEventListener('visibilitychange', () => document.hidden || void show());
  void show();
}`;
