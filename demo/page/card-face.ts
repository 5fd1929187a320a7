import type { CardAction, CardState } from './card-state.ts';
import { button, element, setText } from './dom.ts';

/** The elements that show one download. */
export class CardFace {
  readonly element: HTMLLIElement;
  readonly #title = element('h3', { tabindex: '-1' });
  readonly #badge = element('span', { class: 'badge' });
  readonly #bar = element('progress', { max: '100' });
  readonly #details = element('p', { class: 'details' });
  readonly #note = element('p', { class: 'note' });
  readonly #error = element('p', { class: 'error', role: 'alert' });
  readonly #buttons: Readonly<Record<CardAction, HTMLButtonElement>>;

  /** @param contents description of the nodes; empty if the name is enough */
  constructor(contents: string, onAction: (action: CardAction) => void) {
    this.#buttons = {
      save: button('Save', () => onAction('save'), { class: 'primary' }),
      cancel: button('Cancel', () => onAction('cancel')),
      remove: button('Remove', () => onAction('remove')),
    };
    this.element = element(
      'li',
      { class: 'card' },
      element('header', {}, this.#title, this.#badge),
      element('p', { class: 'contents' }, contents),
      this.#bar,
      this.#details,
      this.#note,
      this.#error,
      element('p', { class: 'actions' }, ...Object.values(this.#buttons)),
    );
  }

  get name(): string {
    return this.#title.textContent;
  }

  set name(name: string) {
    this.#title.textContent = name;
    this.#bar.setAttribute('aria-label', `Progress of ${name}`);
    for (const one of Object.values(this.#buttons)) {
      one.setAttribute('aria-label', `${one.textContent} ${name}`);
    }
  }

  /** Describes the failure of an action. */
  set error(text: string) {
    this.#error.textContent = text;
  }

  focus(): void {
    this.#title.focus();
  }

  draw(state: CardState): void {
    this.#badge.dataset.tone = state.tone;
    setText(this.#badge, state.badge);
    this.#bar.hidden = state.bar === undefined;
    if (typeof state.bar === 'number') this.#bar.value = state.bar;
    else this.#bar.removeAttribute('value');
    setText(this.#details, state.details);
    this.#note.dataset.tone = state.isWarning ? 'warn' : 'plain';
    setText(this.#note, state.note);
    this.#offer(state.actions);
  }

  /** Shows the buttons of these actions. Focus on a button that disappears must not be lost. */
  #offer(actions: readonly CardAction[]): void {
    const focused = document.activeElement;
    for (const [action, one] of Object.entries(this.#buttons)) {
      one.hidden = !actions.includes(action as CardAction);
    }
    if (focused instanceof HTMLElement && focused.hidden && this.element.contains(focused)) {
      this.focus();
    }
  }
}
