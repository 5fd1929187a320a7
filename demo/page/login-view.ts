import { DownloadsClient, DownloadsProblem } from './downloads-client.ts';
import { byId } from './dom.ts';
import { type Session, sessionOf } from './session.ts';
import { failure } from './wording.ts';

/** The login form. */
export class LoginView {
  readonly #section = byId('login');
  readonly #form = byId('login-form', HTMLFormElement);
  readonly #name = byId('login-name', HTMLInputElement);
  readonly #password = byId('login-password', HTMLInputElement);
  readonly #error = byId('login-error');
  readonly #onLogin: (session: Session) => void;
  #isBusy = false;

  constructor(onLogin: (session: Session) => void) {
    this.#onLogin = onLogin;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#logIn();
    });
  }

  /** @param reason why a login is needed, if that is not obvious */
  show(reason = ''): void {
    this.#form.reset();
    this.#section.hidden = false;
    this.#error.textContent = reason;
    this.#name.focus();
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
