import { STYLE } from './zip-style.ts';
import type { ZipAction, ZipView } from './zip-view.ts';

/** What the face shows besides the view. */
export interface ZipLabels {
  /** Texts of the buttons. That of `make` gives way to what is in the element. */
  readonly buttons: Readonly<Record<ZipAction, string>>;
  /** Name of the progress bar. */
  readonly progress: string;
  /** The percentage in words. */
  readonly percent: string;
  /** What the ZIP is called, to tell apart several elements; empty if there is no need to. */
  readonly label: string;
  /** Whether there is something to make a ZIP of. */
  readonly canMake: boolean;
}

const ACTIONS: readonly ZipAction[] = ['make', 'save', 'retry', 'cancel', 'give-up'];

/** How long what is spoken can be found in the page. */
const SPOKEN_MS = 1000;

/** The nodes in the element's shadow. */
export class ZipFace {
  readonly #root: ShadowRoot;
  readonly #panel = make('div', 'panel', { role: 'group', tabindex: '-1' });
  readonly #status = make('p', 'status');
  readonly #bar = make('div', 'bar', { role: 'progressbar' });
  readonly #fill = make('div', 'fill');
  readonly #details = make('p', 'details');
  readonly #note = make('p', 'note');
  readonly #error = make('p', 'error', { role: 'alert' });
  readonly #spoken = make('p', 'spoken', { role: 'status' });
  /** Of the button, unless the page has put something into the element. */
  readonly #label = make('span', 'label');
  readonly #buttons = new Map<ZipAction, HTMLButtonElement>();
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, onAction: (action: ZipAction) => void) {
    this.#root = host.attachShadow({ mode: 'open', delegatesFocus: true });
    // A `style` would need 'unsafe-inline' in the page's Content-Security-Policy.
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [style];
    for (const action of ACTIONS) {
      const button = make('button', action, { type: 'button' });
      button.part.add('button');
      if (action === 'make' || action === 'save') button.classList.add('primary');
      if (action === 'make') button.append(this.#slot(), this.#label);
      button.addEventListener('click', () => onAction(action));
      this.#buttons.set(action, button);
    }
    this.#bar.append(this.#fill);
    this.#panel.append(this.#status, this.#bar, this.#details, this.#note);
    const actions = make('div', 'actions');
    // For further buttons of the page.
    const more = document.createElement('slot');
    more.name = 'actions';
    actions.append(...this.#buttons.values(), more);
    this.#root.append(this.#panel, this.#error, actions, this.#spoken);
  }

  draw(view: ZipView, labels: ZipLabels): void {
    setText(this.#status, view.status);
    this.#status.dataset['tone'] = view.tone;
    setText(this.#details, view.details);
    setText(this.#note, view.note);
    this.#drawBar(view.bar, labels);
    this.#panel.ariaLabel = labels.label || labels.progress;
    const focused = this.#root.activeElement;
    this.#panel.hidden = view.status === '';
    this.#drawButtons(view, labels);
    this.#keepFocus(focused);
  }

  /** Describes a failure; empty if there is none. */
  set error(text: string) {
    setText(this.#error, text);
  }

  /** Has a screen reader say this, once it is silent. */
  speak(text: string): void {
    this.#spoken.textContent = text;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => (this.#spoken.textContent = ''), SPOKEN_MS);
  }

  /** For what the page has put into the element. */
  #slot(): HTMLSlotElement {
    const slot = document.createElement('slot');
    slot.addEventListener('slotchange', () => {
      // White space is also assigned to it.
      this.#label.hidden = slot.assignedNodes().some((node) => node.textContent?.trim());
    });
    return slot;
  }

  #drawBar(value: ZipView['bar'], { progress, percent, label }: ZipLabels): void {
    this.#bar.hidden = value === undefined;
    this.#bar.ariaLabel = [progress, label].filter(Boolean).join(': ');
    if (typeof value === 'number') {
      this.#bar.ariaValueNow = String(Math.floor(value));
      this.#bar.ariaValueText = percent;
      this.#fill.style.inlineSize = `${value}%`;
    } else {
      this.#bar.ariaValueNow = null;
      this.#bar.ariaValueText = null;
      this.#fill.style.inlineSize = '';
    }
  }

  #drawButtons({ actions, status }: ZipView, { buttons, label, canMake }: ZipLabels): void {
    for (const [action, button] of this.#buttons) {
      // A download that was asked for elsewhere cannot be made again.
      const isPointless = action === 'make' && !canMake && status !== '';
      button.hidden = isPointless || !actions.includes(action);
      setText(action === 'make' ? this.#label : button, buttons[action]);
      // The name must contain the text that is seen (WCAG 2.5.3), which the page gives `make`.
      if (action !== 'make' && label) button.ariaLabel = `${buttons[action]} ${label}`;
      else button.ariaLabel = null;
    }
    this.#buttons.get('make')!.disabled = !canMake;
  }

  /** Focus must not get lost with a button that disappears, nor get to one that does something else. */
  #keepFocus(focused: Element | null): void {
    if (!(focused instanceof HTMLElement) || !focused.hidden) return;
    if (this.#panel.hidden) this.#buttons.get('make')!.focus();
    else this.#panel.focus();
  }
}

/** Creates an element that pages can style by its name. */
function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = name;
  made.part.add(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Sets a text only if it differs: a screen reader would read it again otherwise. */
function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
