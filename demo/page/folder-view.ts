import { ServiceConnection } from 'alfresco-downloads-client';
import { announce } from './announcer.ts';
import { button, byId, element } from './dom.ts';
import type { FolderItem, FolderListing } from './folder.ts';
import { bytes, count } from './wording.ts';

/** A folder on the path from the top. */
interface Step {
  readonly id: string;
  readonly name: string;
}

/** What the view needs from the rest of the page. */
export interface FolderViewHost {
  isChosen(id: string): boolean;
  choose(item: FolderItem, isChosen: boolean): void;
  /** Describes a failure. */
  explain(error: unknown): string;
}

const TOP: Step = { id: '-root-', name: 'Company Home' };

/** The open folder and the path to it. */
export class FolderView {
  readonly #connection: ServiceConnection;
  readonly #host: FolderViewHost;
  readonly #signal: AbortSignal;
  readonly #title = byId('folder-title');
  readonly #path = byId('path');
  readonly #items = byId('items');
  readonly #note = byId('folder-note');
  readonly #error = byId('folder-error');
  #steps: readonly Step[] = [];
  #opening = 0;

  constructor(connection: ServiceConnection, host: FolderViewHost, signal: AbortSignal) {
    this.#connection = connection;
    this.#host = host;
    this.#signal = signal;
  }

  async start(): Promise<void> {
    await this.#open([TOP]);
  }

  async #go(steps: readonly Step[]): Promise<void> {
    const listing = await this.#open(steps);
    if (!listing) return;
    // The button that had focus no longer exists.
    this.#title.focus();
    announce(`${steps.at(-1)!.name}, ${count(listing.items.length, 'item')}`);
  }

  focus(): void {
    this.#title.focus();
  }

  /** Updates the checkboxes after the choice has changed elsewhere. */
  refresh(): void {
    for (const box of this.#items.querySelectorAll('input')) {
      box.checked = this.#host.isChosen(box.value);
    }
  }

  /** Opens a folder; returns its listing, unless another one was opened meanwhile. */
  async #open(steps: readonly Step[]): Promise<FolderListing | undefined> {
    const folder = steps.at(-1)!;
    const opening = (this.#opening += 1);
    this.#error.textContent = '';
    this.#items.setAttribute('aria-busy', 'true');
    try {
      const path = `/demo/folders/${encodeURIComponent(folder.id)}`;
      const { body } = await this.#connection.request(path, { signal: this.#signal });
      if (opening !== this.#opening) return undefined;
      const listing = body as FolderListing;
      this.#show(steps, listing);
      return listing;
    } catch (error) {
      if (opening === this.#opening && !this.#signal.aborted) {
        this.#error.textContent = this.#host.explain(error);
      }
      return undefined;
    } finally {
      if (opening === this.#opening) this.#items.removeAttribute('aria-busy');
    }
  }

  #show(steps: readonly Step[], { items, hasMoreItems }: FolderListing): void {
    this.#steps = steps;
    this.#path.replaceChildren(...steps.map((step, index) => this.#step(step, index)));
    this.#items.replaceChildren(...items.map((item) => this.#row(item)));
    this.#items.hidden = items.length === 0;
    this.#note.hidden = items.length > 0 && !hasMoreItems;
    this.#note.textContent =
      items.length === 0
        ? 'This folder is empty.'
        : `Only the first ${count(items.length, 'item')} are shown.`;
  }

  #step({ name }: Step, index: number): HTMLLIElement {
    const steps = this.#steps.slice(0, index + 1);
    const isHere = steps.length === this.#steps.length;
    return element(
      'li',
      {},
      isHere
        ? element('span', { 'aria-current': 'location' }, name)
        : button(name, () => void this.#go(steps), { class: 'quiet' }),
    );
  }

  #row(item: FolderItem): HTMLLIElement {
    const box = element('input', { type: 'checkbox', value: item.id, id: `item-${item.id}` });
    box.checked = this.#host.isChosen(item.id);
    box.addEventListener('change', () => this.#host.choose(item, box.checked));
    const icon = element('span', {
      class: `icon icon-${item.isFolder ? 'folder' : 'file'}`,
      'aria-hidden': 'true',
    });
    if (item.isFolder) {
      box.setAttribute('aria-label', `Choose the folder ${item.name}`);
      const open = button('', () => void this.#go([...this.#steps, item]), {
        'aria-label': `Open the folder ${item.name}`,
      });
      open.append(icon, item.name);
      return element('li', {}, box, open);
    }
    return element(
      'li',
      {},
      box,
      element('label', { for: box.id }, icon, item.name),
      element('span', { class: 'size' }, item.size === undefined ? '' : bytes(item.size)),
    );
  }
}
