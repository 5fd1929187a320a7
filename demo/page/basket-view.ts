import { type Download, type DownloadsClient, newIdempotencyKey } from 'alfresco-downloads-client';
import { announce } from './announcer.ts';
import { button, byId, element } from './dom.ts';
import type { FolderItem } from './folder.ts';
import { type Contents, contentsFor } from './remembered-contents.ts';
import { count } from './wording.ts';

/** What the view needs from the rest of the page. */
export interface BasketViewHost {
  /** An item was added or removed. */
  onChange(): void;
  onMade(download: Download, contents: Contents): void;
  /** Describes a failure; `names` are those of the nodes, in the order in which they were sent. */
  explain(error: unknown, names: readonly string[]): string;
}

/** The items chosen in any folders, and the button that makes a ZIP of them. */
export class BasketView {
  readonly #client: DownloadsClient;
  readonly #host: BasketViewHost;
  readonly #signal: AbortSignal;
  readonly #chosen = new Map<string, FolderItem>();
  readonly #title = byId('basket-title');
  readonly #list = byId('basket-items');
  readonly #error = byId('basket-error');
  readonly #make = byId('make', HTMLButtonElement);
  readonly #empty = byId('empty', HTMLButtonElement);
  /** Stays the same for the same items, so that pressing the button again after a failure cannot make a second ZIP. */
  #key = newIdempotencyKey();
  #isBusy = false;

  constructor(client: DownloadsClient, host: BasketViewHost, signal: AbortSignal) {
    this.#client = client;
    this.#host = host;
    this.#signal = signal;
    this.#make.addEventListener('click', () => void this.#create(), { signal });
    this.#empty.addEventListener('click', () => this.#clear(), { signal });
    this.#render();
  }

  has(id: string): boolean {
    return this.#chosen.has(id);
  }

  choose(item: FolderItem, isChosen: boolean): void {
    if (isChosen) this.#chosen.set(item.id, item);
    else this.#chosen.delete(item.id);
    this.#changed();
  }

  #clear(): void {
    this.#chosen.clear();
    this.#changed();
    this.#title.focus();
    announce('Nothing is chosen.');
  }

  #changed(): void {
    this.#key = newIdempotencyKey();
    this.#error.textContent = '';
    this.#render();
    this.#host.onChange();
  }

  async #create(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#error.textContent = '';
    this.#make.setAttribute('aria-disabled', 'true');
    const items = [...this.#chosen.values()];
    const names = items.map(({ name }) => name);
    try {
      const ids = items.map(({ id }) => id);
      const options = { idempotencyKey: this.#key, signal: this.#signal };
      const download = await this.#client.create(ids, options);
      this.#chosen.clear();
      this.#changed();
      this.#host.onMade(download, contentsFor(names));
    } catch (error) {
      if (!this.#signal.aborted) this.#error.textContent = this.#host.explain(error, names);
    } finally {
      this.#isBusy = false;
      this.#make.removeAttribute('aria-disabled');
    }
  }

  #render(): void {
    const items = [...this.#chosen.values()];
    byId('basket-count').textContent = String(items.length);
    byId('basket-hint').hidden = items.length > 0;
    this.#list.hidden = items.length === 0;
    this.#list.replaceChildren(...items.map((item) => this.#row(item)));
    byId('archive').hidden = items.length === 0;
    byId('archive-name').textContent = contentsFor(items.map(({ name }) => name)).archiveName;
    this.#make.disabled = items.length === 0;
    this.#empty.hidden = items.length < 2;
  }

  #row(item: FolderItem): HTMLLIElement {
    const icon = element('span', {
      class: `icon icon-${item.isFolder ? 'folder' : 'file'}`,
      'aria-hidden': 'true',
    });
    const remove = button('×', () => this.#remove(item), {
      class: 'quiet',
      'aria-label': `Do not choose ${item.name}`,
    });
    return element('li', {}, icon, element('span', { class: 'name' }, item.name), remove);
  }

  #remove(item: FolderItem): void {
    const position = [...this.#chosen.keys()].indexOf(item.id);
    this.choose(item, false);
    announce(`${item.name} taken out, ${count(this.#chosen.size, 'item')} chosen.`);
    const buttons = this.#list.querySelectorAll('button');
    (buttons[Math.min(position, buttons.length - 1)] ?? this.#title).focus();
  }
}
