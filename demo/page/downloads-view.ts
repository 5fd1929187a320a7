import type { Download, DownloadsClient } from 'alfresco-downloads-client';
import { announce } from './announcer.ts';
import { byId } from './dom.ts';
import { DownloadCard } from './download-card.ts';
import { type Contents, rememberContents } from './remembered-contents.ts';
import { showRunning } from './running-bar.ts';
import type { Session } from './session.ts';

/** Downloads per page. */
const PAGE_SIZE = 20;

/** The caller's downloads, including those made elsewhere. */
export class DownloadsView {
  readonly #client: DownloadsClient;
  readonly #authorization: Session['authorization'];
  readonly #explain: (error: unknown) => string;
  readonly #signal: AbortSignal;
  readonly #list = byId('cards');
  readonly #hint = byId('downloads-hint');
  readonly #error = byId('downloads-error');
  readonly #retry = byId('downloads-retry');
  readonly #more = byId('more');
  readonly #cards = new Map<string, DownloadCard>();
  #hasLoaded = false;
  #isBusy = false;

  constructor(
    client: DownloadsClient,
    authorization: Session['authorization'],
    explain: (error: unknown) => string,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#authorization = authorization;
    this.#explain = explain;
    this.#signal = signal;
    this.#list.replaceChildren();
    this.#more.hidden = true;
    for (const one of [this.#more, this.#retry]) {
      one.addEventListener('click', () => void this.load(), { signal });
    }
    showRunning(this.#list, signal);
    // The elements stop watching.
    signal.addEventListener('abort', () => this.#list.replaceChildren());
  }

  /** Loads and shows the next page. */
  async load(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#error.textContent = '';
    this.#retry.hidden = true;
    try {
      const { downloads, hasMoreItems } = await this.#client.list({
        skipCount: this.#cards.size,
        maxItems: PAGE_SIZE,
        signal: this.#signal,
      });
      this.#hasLoaded = true;
      const cards = downloads.flatMap((download) => this.#newCard(download) ?? []);
      this.#list.append(...cards.map(({ element }) => element));
      const hadFocus = document.activeElement === this.#more;
      this.#more.hidden = !hasMoreItems;
      if (hadFocus) cards[0]?.focus();
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#error.textContent = this.#explain(error);
      this.#retry.hidden = false;
    } finally {
      this.#isBusy = false;
      this.#showHint();
    }
  }

  /** Shows a new download above the others. */
  add(download: Download, contents: Contents): void {
    rememberContents(download.id, contents);
    const card = this.#newCard(download);
    if (!card) return;
    this.#list.prepend(card.element);
    this.#showHint();
    card.focus();
    announce(`${card.name} has been asked for.`);
  }

  /** `undefined` if it is already shown: downloads shift between pages while the list grows. */
  #newCard(download: Download): DownloadCard | undefined {
    if (this.#cards.has(download.id)) return undefined;
    const card = new DownloadCard(this.#client, download, {
      authorization: this.#authorization,
      explain: this.#explain,
      onRemoved: () => this.#drop(download.id, card),
    });
    this.#cards.set(download.id, card);
    return card;
  }

  #drop(id: string, card: DownloadCard): void {
    const position = [...this.#list.children].indexOf(card.element);
    this.#cards.delete(id);
    card.element.remove();
    this.#showHint();
    announce(`${card.name} is removed.`);
    const neighbour = this.#list.children[Math.min(position, this.#list.children.length - 1)];
    (neighbour?.querySelector('h3') ?? byId('downloads-title')).focus();
  }

  #showHint(): void {
    this.#hint.hidden = !this.#hasLoaded || this.#cards.size > 0;
  }
}
