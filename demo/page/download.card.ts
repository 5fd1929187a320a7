import { announce } from './announcer.ts';
import { type CardEvent, type CardState, cardState, disconnected } from './card.state.ts';
import { button, element, setText } from './dom.ts';
import { type Download, eventTypeOf, isRunning } from './download.event.ts';
import { type DownloadEvent, type DownloadsClient, DownloadsProblem } from './downloads-client.ts';
import { ProgressMeter } from './progress.meter.ts';
import { type Contents, contentsOf, forgetContents } from './remembered-contents.ts';
import { shortList } from './wording.ts';

/** What it asks of the rest of the page. */
export interface CardHost {
  /** What to say of a failure. */
  explain(error: unknown): string;
  /** The download is removed, and the card of no use any more. */
  onRemoved(card: DownloadCard): void;
}

/** One download: how it is, and what can be done about it. */
export class DownloadCard {
  readonly element: HTMLLIElement;
  readonly #id: string;
  readonly #client: DownloadsClient;
  readonly #host: CardHost;
  readonly #watching = new AbortController();
  readonly #title = element('h3', { tabindex: '-1' });
  readonly #badge = element('span', { class: 'badge' });
  readonly #bar = element('progress', { max: '100' });
  readonly #details = element('p', { class: 'details' });
  readonly #note = element('p', { class: 'note' });
  readonly #error = element('p', { class: 'error', role: 'alert' });
  readonly #buttons = {
    save: button('Save', () => this.#do(() => this.#save()), { class: 'primary' }),
    cancel: button('Cancel', () => this.#do(() => this.#cancel())),
    remove: button('Remove', () => this.#do(() => this.#remove())),
  };
  #event: CardEvent;
  #isCancelling = false;
  #isRemoving = false;
  #isBusy = false;
  /** It was said aloud that the service does not answer. */
  #isLost = false;
  /** Aloud, it is told of every quarter only. */
  #quarter = 0;

  constructor(client: DownloadsClient, download: Download, host: CardHost) {
    this.#id = download.id;
    this.#client = client;
    this.#host = host;
    const contents = contentsOf(download.id);
    const { save, cancel, remove } = this.#buttons;
    this.element = element(
      'li',
      { class: 'card' },
      element('header', {}, this.#title, this.#badge),
      element('p', { class: 'contents' }, contentsLine(contents)),
      this.#bar,
      this.#details,
      this.#note,
      this.#error,
      element('p', { class: 'actions' }, save, cancel, remove),
    );
    this.#rename(contents?.archiveName ?? `Download ${download.id.slice(0, 8)}`);
    this.#event = { type: eventTypeOf(download), ...new ProgressMeter().progressOf(download) };
    this.#show(this.#event);
    if (isRunning(download)) void this.#watch();
  }

  get name(): string {
    return this.#title.textContent;
  }

  /** Looks no longer. */
  stop(): void {
    this.#watching.abort();
  }

  focus(): void {
    this.#title.focus();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#watching;
    try {
      for await (const event of this.#client.watch(this.#id, { signal })) this.#follow(event);
    } catch (error) {
      this.#error.textContent = this.#host.explain(error);
    }
  }

  #follow(event: DownloadEvent): void {
    // It is this page that removes it.
    if (event.type === 'gone' && this.#isRemoving) return;
    if (event.type !== 'reconnecting') return this.#show(event);
    this.#draw(disconnected(cardState(this.#event, this.#isCancelling), this.#event, event));
    // A proxy that ends connections after a minute is not worth a word.
    if (event.attempt !== 2) return;
    this.#isLost = true;
    announce(`${this.name}: the connection is lost.`);
  }

  #show(event: CardEvent): void {
    const before = this.#event;
    this.#event = event;
    const state = cardState(event, this.#isCancelling);
    this.#draw(state);
    if (this.#isLost) announce(`${this.name}: connected again.`);
    this.#isLost = false;
    this.#tell(state, event, event.type !== before.type);
    if (event.type === 'done' && !contentsOf(this.#id)) void this.#askForName();
  }

  #draw(state: CardState): void {
    const focused = document.activeElement;
    this.#badge.dataset.tone = state.tone;
    setText(this.#badge, state.badge);
    this.#drawBar(state.bar);
    setText(this.#details, state.details);
    this.#note.dataset.tone = state.isWarning ? 'warn' : 'plain';
    setText(this.#note, state.note);
    for (const [name, offered] of Object.entries(this.#buttons)) {
      offered.hidden = !(state.actions as readonly string[]).includes(name);
    }
    if (focused instanceof HTMLButtonElement && focused.hidden && this.element.contains(focused)) {
      this.focus();
    }
  }

  #drawBar(bar: CardState['bar']): void {
    this.#bar.hidden = bar === undefined;
    if (typeof bar === 'number') this.#bar.value = bar;
    else this.#bar.removeAttribute('value');
  }

  #tell({ spoken }: CardState, event: CardEvent, isNew: boolean): void {
    if (isNew) return announce(`${this.name} ${spoken}`);
    if (event.type !== 'progress') return;
    const quarter = Math.floor(event.percent / 25);
    if (quarter > this.#quarter) announce(`${this.name}: ${quarter * 25}%`);
    this.#quarter = quarter;
  }

  #rename(name: string): void {
    this.#title.textContent = name;
    this.#bar.setAttribute('aria-label', `Progress of ${name}`);
    for (const one of Object.values(this.#buttons)) {
      one.setAttribute('aria-label', `${one.textContent} ${name}`);
    }
  }

  /** What was not asked for from this tab is known by its number only, until the ZIP has a name. */
  async #askForName(): Promise<void> {
    const { signal } = this.#watching;
    const name = await this.#client.archiveName(this.#id, { signal }).catch(() => undefined);
    if (name !== undefined) this.#rename(name);
  }

  /** One thing at a time. */
  #do(action: () => Promise<void>): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#error.textContent = '';
    action()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#isBusy = false;
      });
  }

  #fail(error: unknown): void {
    if (error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND') {
      this.stop();
      this.#show({ type: 'gone', problem: error.problem });
    } else {
      this.#error.textContent = this.#host.explain(error);
    }
  }

  async #save(): Promise<void> {
    // Of a link that leads nowhere, the browser would say no more than that the download has failed.
    await this.#client.get(this.#id);
    const { contentUrl } = await this.#client.link(this.#id);
    // The attribute keeps the page open whatever comes. It could also hold a name of the user's choice, but browsers
    // prefer the one in Content-Disposition; saving from a blob instead would hold the whole ZIP in memory.
    element('a', { href: contentUrl, download: '' }).click();
    announce(`${this.name} is being saved.`);
  }

  async #cancel(): Promise<void> {
    this.#isCancelling = true;
    try {
      await this.#client.cancel(this.#id);
    } catch (error) {
      this.#isCancelling = false;
      throw error;
    } finally {
      if (this.#event.type === 'progress') this.#show(this.#event);
    }
    announce(`${this.name} is being cancelled.`);
  }

  async #remove(): Promise<void> {
    this.#isRemoving = true;
    try {
      if (this.#event.type !== 'gone') await this.#client.remove(this.#id);
    } finally {
      this.#isRemoving = false;
    }
    this.stop();
    forgetContents(this.#id);
    this.#host.onRemoved(this);
  }
}

function contentsLine(contents: Contents | undefined): string {
  return contents && contents.names.length > 1 ? shortList(contents.names) : '';
}
