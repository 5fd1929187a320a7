import { type Download, type DownloadsClient, DownloadsProblem } from 'alfresco-downloads-client';
import type { AlfrescoZip } from 'alfresco-downloads-client/element';
import { button, element } from './dom.ts';
import { type Contents, contentsOf, forgetContents } from './remembered-contents.ts';
import type { Session } from './session.ts';
import { shortList } from './wording.ts';

/** What a card needs from the rest of the page. */
export interface CardHost {
  readonly authorization: Session['authorization'];
  /** Describes a failure. */
  explain(error: unknown): string;
  /** The download has been removed, so the card should be too. */
  onRemoved(): void;
}

/** One download: its name, the element that shows it, and a way to remove it. */
export class DownloadCard {
  readonly element: HTMLLIElement;
  readonly #id: string;
  readonly #client: DownloadsClient;
  readonly #host: CardHost;
  readonly #title = element('h3', { tabindex: '-1' });
  readonly #zip: AlfrescoZip = element('alfresco-zip', { 'text-give-up': 'Remove' });
  readonly #error = element('p', { class: 'error', role: 'alert' });
  #isGone = false;
  readonly #removal = button('Remove', () => void this.#remove(), { slot: 'actions' });

  constructor(client: DownloadsClient, download: Download, host: CardHost) {
    this.#id = download.id;
    this.#client = client;
    this.#host = host;
    const contents = contentsOf(download.id);
    this.element = element(
      'li',
      { class: 'card' },
      this.#title,
      element('p', { class: 'contents' }, contentsLine(contents)),
      this.#zip,
      this.#error,
    );
    this.#zip.append(this.#removal);
    this.#name = contents?.archiveName ?? `Download ${download.id.slice(0, 8)}`;
    this.#listen();
    if (host.authorization !== undefined) this.#zip.authorization = host.authorization;
    this.#zip.show(download);
    const { status } = download;
    this.#removal.hidden = status === 'PENDING' || status === 'IN_PROGRESS';
    if (status === 'DONE') void this.#loadName();
  }

  get name(): string {
    return this.#title.textContent;
  }

  set #name(name: string) {
    this.#title.textContent = name;
    this.#zip.label = name;
    this.#removal.ariaLabel = `Remove ${name}`;
  }

  focus(): void {
    this.#title.focus();
  }

  #listen(): void {
    // While it is being made, the element offers this itself.
    for (const end of ['zip-done', 'zip-cancelled'] as const) {
      this.#zip.addEventListener(end, () => (this.#removal.hidden = false));
    }
    this.#zip.addEventListener('zip-done', () => void this.#loadName());
    this.#zip.addEventListener('zip-error', ({ detail: { error, event } }) => {
      // The page may have to ask for a new login.
      if (error !== undefined) this.#host.explain(error);
      if (!event) return;
      this.#isGone = event.type === 'gone';
      this.#removal.hidden = false;
    });
    this.#zip.addEventListener('zip-removed', () => this.#forget());
  }

  /** Replaces the number, which is all that is known of a download from another tab, with the name of its ZIP. */
  async #loadName(): Promise<void> {
    if (contentsOf(this.#id)) return;
    const name = await this.#client.archiveName(this.#id).catch(() => undefined);
    if (name !== undefined) this.#name = name;
  }

  async #remove(): Promise<void> {
    this.#removal.setAttribute('aria-disabled', 'true');
    this.#error.textContent = '';
    try {
      if (!this.#isGone) await this.#client.remove(this.#id);
    } catch (error) {
      const isGone =
        error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND';
      if (!isGone) {
        this.#error.textContent = this.#host.explain(error);
        return;
      }
    } finally {
      this.#removal.removeAttribute('aria-disabled');
    }
    this.#forget();
  }

  #forget(): void {
    forgetContents(this.#id);
    this.#host.onRemoved();
  }
}

function contentsLine(contents: Contents | undefined): string {
  if (contents === undefined) return '';
  const { names, askedAt } = contents;
  const parts = names.length > 1 ? [shortList(names)] : [];
  if (askedAt !== undefined) parts.push(`asked for at ${timeOfDay(askedAt)}`);
  return parts.join(' · ');
}

function timeOfDay(time: number): string {
  return new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
