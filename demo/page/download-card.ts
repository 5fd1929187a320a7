import {
  type Download,
  type DownloadEvent,
  type DownloadsClient,
  DownloadsProblem,
  endsLogin,
  eventTypeOf,
  isRunning,
  percentOf,
} from 'alfresco-downloads-client';
import { announce } from './announcer.ts';
import { CardFace } from './card-face.ts';
import { type CardAction, type CardEvent, type Lost, cardState } from './card-state.ts';
import { element } from './dom.ts';
import { type Contents, contentsOf, forgetContents } from './remembered-contents.ts';
import { shortList } from './wording.ts';

/** What a card needs from the rest of the page. */
export interface CardHost {
  /** Describes a failure. */
  explain(error: unknown): string;
  /** The download has been removed, so the card should be too. */
  onRemoved(): void;
}

/** One download: its state, and the actions on it. */
export class DownloadCard {
  readonly #id: string;
  readonly #client: DownloadsClient;
  readonly #host: CardHost;
  readonly #face: CardFace;
  readonly #watching = new AbortController();
  readonly #actions: Readonly<Record<CardAction, () => Promise<void>>> = {
    save: () => this.#save(),
    cancel: () => this.#cancel(),
    remove: () => this.#remove(),
  };
  #event: CardEvent;
  #lost: Lost | undefined;
  #requested: 'cancel' | 'remove' | undefined;
  #isBusy = false;
  /** The last quarter of the progress that was announced. */
  #quarter = 0;

  constructor(client: DownloadsClient, download: Download, host: CardHost) {
    this.#id = download.id;
    this.#client = client;
    this.#host = host;
    const contents = contentsOf(download.id);
    this.#face = new CardFace(contentsLine(contents), (action) => void this.#run(action));
    this.#face.name = contents?.archiveName ?? `Download ${download.id.slice(0, 8)}`;
    this.#event = { type: eventTypeOf(download), entry: download, percent: percentOf(download) };
    this.#show(this.#event);
    if (isRunning(download)) void this.#watch();
  }

  get element(): HTMLLIElement {
    return this.#face.element;
  }

  get name(): string {
    return this.#face.name;
  }

  /** Stops watching. */
  stop(): void {
    this.#watching.abort();
  }

  focus(): void {
    this.#face.focus();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#watching;
    try {
      for await (const event of this.#client.watch(this.#id, { signal })) this.#handle(event);
    } catch (error) {
      this.#face.error = this.#host.explain(error);
    }
  }

  #handle(event: DownloadEvent): void {
    // Expected: this page has removed it.
    if (event.type === 'gone' && this.#requested === 'remove') return;
    // Not the download has ended, but the log-in.
    if (event.type === 'gone' && endsLogin(event.problem))
      throw new DownloadsProblem(event.problem);
    if (event.type !== 'reconnecting') return this.#show(event);
    this.#lost = event;
    this.#draw();
    // A single lost connection, such as to a proxy that closes each after a minute, is not worth announcing.
    if (event.attempt === 2) announce(`${this.name}: the connection is lost.`);
  }

  #show(event: CardEvent): void {
    const isNew = event.type !== this.#event.type;
    const wasLost = this.#lost && this.#lost.attempt >= 2;
    this.#event = event;
    this.#lost = undefined;
    this.#draw();
    if (wasLost) announce(`${this.name}: connected again.`);
    this.#announce(event, isNew);
    if (event.type === 'done' && !contentsOf(this.#id)) void this.#loadName();
  }

  #draw(): void {
    this.#face.draw(cardState(this.#event, this.#requested, this.#lost));
  }

  #announce(event: CardEvent, isNew: boolean): void {
    if (isNew) return announce(`${this.name} ${cardState(event, this.#requested).spoken}`);
    if (event.type !== 'progress') return;
    const quarter = Math.floor(event.percent / 25);
    if (quarter > this.#quarter) announce(`${this.name}: ${quarter * 25}%`);
    this.#quarter = quarter;
  }

  /** Replaces the number, which is all that is known of a download from another tab, with the name of its ZIP. */
  async #loadName(): Promise<void> {
    const { signal } = this.#watching;
    const name = await this.#client.archiveName(this.#id, { signal }).catch(() => undefined);
    if (name !== undefined) this.#face.name = name;
  }

  /** Runs one action at a time. */
  async #run(action: CardAction): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#face.error = '';
    try {
      await this.#actions[action]();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  #fail(error: unknown): void {
    if (isGone(error)) {
      this.stop();
      this.#show({ type: 'gone', problem: error.problem });
    } else {
      this.#face.error = this.#host.explain(error);
    }
  }

  async #save(): Promise<void> {
    // Fails here if the download is gone: about a broken link, the browser would only say that it failed.
    await this.#client.get(this.#id);
    const { contentUrl } = await this.#client.link(this.#id);
    // The attribute keeps the page open whatever the response. It could also hold a name of the user's choice, but browsers
    // prefer the one in Content-Disposition; saving from a blob instead would hold the whole ZIP in memory.
    element('a', { href: contentUrl, download: '' }).click();
    announce(`${this.name} is being saved.`);
  }

  async #cancel(): Promise<void> {
    await this.#request('cancel', () => this.#client.cancel(this.#id));
  }

  async #remove(): Promise<void> {
    if (this.#event.type !== 'gone') {
      await this.#request('remove', () => this.#client.remove(this.#id).catch(ifNotGone));
    }
    this.stop();
    forgetContents(this.#id);
    this.#host.onRemoved();
  }

  /** Shows that an action was requested, unless the request fails. */
  async #request(what: 'cancel' | 'remove', request: () => Promise<void>): Promise<void> {
    const before = this.#requested;
    this.#requested = what;
    this.#draw();
    announce(`${this.name} is being ${what === 'cancel' ? 'cancelled' : 'removed'}.`);
    try {
      await request();
    } catch (error) {
      this.#requested = before;
      this.#draw();
      throw error;
    }
  }
}

function isGone(error: unknown): error is DownloadsProblem {
  return error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND';
}

/** Ignores that a download to be removed does not exist. */
function ifNotGone(error: unknown): void {
  if (!isGone(error)) throw error;
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
