import { DownloadsClient, DownloadsProblem } from 'alfresco-downloads-client';
import { byId } from './dom.ts';
import type { LogIns } from './log-ins.ts';
import { type Session, sessionOf } from './session.ts';
import { failure } from './wording.ts';

/** The two ways to log in, of which one leads to the demo's other service. */
export class LoginView {
  readonly #section = byId('login');
  readonly #form = byId('login-form', HTMLFormElement);
  readonly #name = byId('login-name', HTMLInputElement);
  readonly #password = byId('login-password', HTMLInputElement);
  readonly #error = byId('login-error');
  readonly #withProvider = byId('login-provider', HTMLAnchorElement);
  readonly #onLogin: (session: Session) => void;
  #first: HTMLElement = this.#name;
  #isBusy = false;

  constructor(onLogin: (session: Session) => void) {
    this.#onLogin = onLogin;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#logIn();
    });
  }

  /** Offers what the services offer. */
  set logIns({ here, password, provider }: LogIns) {
    const hasForm = here === 'password';
    this.#form.hidden = !hasForm;
    byId('login-elsewhere').hidden = hasForm;
    byId('login-password-page', HTMLAnchorElement).href = password;
    this.#withProvider.href = `${provider}/auth/login?returnTo=/`;
    this.#first = hasForm ? this.#name : this.#withProvider;
  }

  /** @param reason why a login is needed, if that is not obvious */
  show(reason = ''): void {
    this.#form.reset();
    this.#section.hidden = false;
    this.#error.textContent = reason;
    this.#first.focus();
  }

  async #logIn(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#error.textContent = '';
    const session = sessionOf(this.#name.value, this.#password.value);
    try {
      // Any request that needs credentials would do.
      await new DownloadsClient(session).list({ maxItems: 1 });
      this.#section.hidden = true;
      this.#onLogin(session);
    } catch (error) {
      const isWrong = error instanceof DownloadsProblem && error.problem.status === 401;
      this.#error.textContent = isWrong ? 'The name or the password is wrong.' : failure(error);
      this.#password.select();
    } finally {
      this.#isBusy = false;
    }
  }
}
