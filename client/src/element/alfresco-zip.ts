import {
  type Download,
  type DownloadEvent,
  DownloadsClient,
  type ProgressEvent,
  type ServiceAddress,
  eventTypeOf,
  percentOf,
} from '../index.ts';
import { ZipFace } from './zip-face.ts';
import { ZipJob, type ZipJobHost } from './zip-job.ts';
import { ENGLISH, type ZipTexts } from './zip-texts.ts';
import { type ZipAction, type ZipView, zipView } from './zip-view.ts';
import { ZipWords } from './zip-words.ts';

/** What `zip-error` tells. */
export interface ZipFailure {
  /** What the element shows. */
  readonly message: string;
  /** Why a request has failed. */
  readonly error?: unknown;
  /** How the download has ended without a ZIP, instead: `too-large` or `gone`. */
  readonly event?: DownloadEvent;
}

/** The events of the element. They bubble, also out of other elements' shadows. */
export interface AlfrescoZipEventMap {
  /** The service makes the ZIP. */
  'zip-created': CustomEvent<Download>;
  /** It has got further, or has not for long (`type` is `stalled`). */
  'zip-progress': CustomEvent<ProgressEvent>;
  /** It is made. What the button has asked for is saved now, unless `preventDefault()` is called. */
  'zip-done': CustomEvent<ProgressEvent>;
  'zip-cancelled': CustomEvent<ProgressEvent>;
  /** The user has given it up, and it is removed. */
  'zip-removed': CustomEvent<{ readonly id: string }>;
  'zip-error': CustomEvent<ZipFailure>;
}

type Credentials = NonNullable<ServiceAddress['credentials']>;

/** Properties that a framework may have set before the element was defined. */
const PROPERTIES = [
  'nodeIds',
  'downloadId',
  'baseUrl',
  'credentials',
  'label',
  'authorization',
  'texts',
] as const;

// There is none in Node.js, where frameworks render pages that import this.
const Base = globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement);

/**
 * `<alfresco-zip node-ids="…" base-url="…">`: a button that makes a ZIP, shows its progress, and saves it.
 *
 * Watching ends when the element leaves the document and resumes when it returns. What was asked for goes on at the
 * service in the meantime.
 */
export class AlfrescoZip extends Base {
  static readonly observedAttributes = [
    'node-ids',
    'download-id',
    'base-url',
    'credentials',
    'label',
    'lang',
    ...Object.keys(ENGLISH).map((name) => `text-${name}`),
  ];

  readonly #job = new ZipJob(this.#jobHost());
  #face: ZipFace | undefined;
  #authorization: ServiceAddress['authorization'];
  #texts: ZipTexts = {};
  /** What a screen reader was told last. */
  #spoken = { status: '', quarter: 0, isLost: false };

  /** The ids of the nodes. Setting them sets the attribute, in which they are separated by spaces or commas. */
  get nodeIds(): readonly string[] {
    return (this.getAttribute('node-ids') ?? '').split(/[\s,]+/).filter(Boolean);
  }
  set nodeIds(ids: readonly string[] | string | null | undefined) {
    this.#reflect('node-ids', typeof ids === 'string' ? ids : ids?.join(' '));
  }

  /** The download that is shown. Set it, or the attribute, to show one that was asked for elsewhere or earlier. */
  get downloadId(): string | undefined {
    return this.#job.id;
  }
  set downloadId(id: string | null | undefined) {
    if ((id ?? undefined) !== this.#job.id) this.#job.show(id ?? undefined);
  }

  /** The address of the API; default: the page's own origin. */
  get baseUrl(): string {
    return (this.getAttribute('base-url') ?? '').replace(/\/+$/, '');
  }
  set baseUrl(url: string | null | undefined) {
    this.#reflect('base-url', url);
  }

  /** `include` to send the cookie of a session to another origin. */
  get credentials(): Credentials {
    const value = this.getAttribute('credentials');
    return value === 'include' || value === 'omit' ? value : 'same-origin';
  }
  set credentials(value: Credentials | null | undefined) {
    this.#reflect('credentials', value);
  }

  /** What the ZIP is called; tells several elements apart for users of screen readers. */
  get label(): string {
    return this.getAttribute('label') ?? '';
  }
  set label(label: string | null | undefined) {
    this.#reflect('label', label);
  }

  /** The `Authorization` header, or a function that returns it for each request. */
  get authorization(): ServiceAddress['authorization'] {
    return this.#authorization;
  }
  set authorization(authorization: ServiceAddress['authorization'] | null) {
    this.#authorization = authorization ?? undefined;
  }

  /** Texts that replace the English ones, by name; attributes `text-…` come before them. */
  get texts(): ZipTexts {
    return this.#texts;
  }
  set texts(texts: ZipTexts | null | undefined) {
    this.#texts = texts ?? {};
    this.#draw();
  }

  connectedCallback(): void {
    this.#face ??= new ZipFace(this, (action) => void this.#run(action));
    for (const name of PROPERTIES) this.#upgrade(name);
    this.#job.resume();
    this.#draw();
  }

  disconnectedCallback(): void {
    // Not if it was only moved.
    queueMicrotask(() => {
      if (!this.isConnected) this.#job.pause();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === 'download-id') this.downloadId = after;
    else if (name === 'base-url' || name === 'credentials') this.#job.show(this.#job.id);
    else if (name === 'node-ids') this.#job.choose();
    this.#draw();
  }

  /** Shows a download that the page knows already, such as one of a list, and watches it if it can change. */
  show(download: Download): void {
    const [type, percent] = [eventTypeOf(download), percentOf(download)];
    this.#job.show(download.id, { type, entry: download, percent });
  }

  /** Asks for the ZIP, as the button does. */
  async make(): Promise<void> {
    await this.#run('make');
  }

  /** Saves the ZIP, as the button does. */
  async save(): Promise<void> {
    await this.#run('save');
  }

  /** Cancels the download, as the button does. */
  async cancel(): Promise<void> {
    await this.#run('cancel');
  }

  /** Watches again after that has failed, as the button does, for instance once there is a new login. */
  async retry(): Promise<void> {
    await this.#run('retry');
  }

  /** Does what a button does, if it is shown. */
  async #run(action: ZipAction): Promise<void> {
    if (action === 'make' && this.nodeIds.length === 0) return;
    if (this.#view.actions.includes(action)) await this.#job.run(action);
  }

  #jobHost(): ZipJobHost {
    return {
      nodeIds: () => this.nodeIds,
      isConnected: () => this.isConnected,
      client: (maxHeldConnections = 0) => this.#client(maxHeldConnections),
      onChange: () => this.#draw(),
      onCreated: (download) => this.#emit('zip-created', download),
      onRemoved: (id) => this.#emit('zip-removed', { id }),
      onEvent: (event) => {
        switch (event.type) {
          case 'progress':
          case 'stalled':
            return this.#emit('zip-progress', event);
          case 'done':
            return this.#emit('zip-done', event);
          case 'cancelled':
            return this.#emit('zip-cancelled', event);
          default:
            return this.#emit('zip-error', { message: this.#view.note, event });
        }
      },
      onError: (error) => {
        const message = error === undefined ? '' : this.#words.failure(error, this.nodeIds);
        if (this.#face) this.#face.error = message;
        if (error !== undefined) this.#emit('zip-error', { message, error });
      },
    };
  }

  #client(maxHeldConnections: number): DownloadsClient {
    const first = this.#authorization;
    // Of each moment: a page may have set a new one while the download is watched.
    const authorization = () => {
      const current = this.#authorization ?? first!;
      return typeof current === 'string' ? current : current();
    };
    return new DownloadsClient({
      baseUrl: this.baseUrl,
      credentials: this.credentials,
      maxHeldConnections,
      ...(first !== undefined && { authorization }),
    });
  }

  get #words(): ZipWords {
    const texts = this.#texts as Readonly<Record<string, string | undefined>>;
    const language = this.closest<HTMLElement>('[lang]')?.lang ?? document.documentElement.lang;
    return new ZipWords((name) => this.getAttribute(`text-${name}`) ?? texts[name], language);
  }

  get #view(): ZipView {
    return zipView(this.#job.state, this.#job.circumstances, this.#words);
  }

  #draw(): void {
    if (!this.#face) return;
    const [view, words, { label }] = [this.#view, this.#words, this];
    const buttons = {
      make: words.text('make'),
      save: words.text('save'),
      retry: words.text('retry'),
      cancel: words.text('cancel'),
      'give-up': words.text('give-up'),
    };
    const percent = typeof view.bar === 'number' ? words.percent(view.bar) : '';
    const canMake = this.nodeIds.length > 0;
    this.#face.draw(view, { buttons, progress: words.text('progress'), percent, label, canMake });
    this.#speak(view, percent);
  }

  /** Changes of the state are spoken, each quarter of the progress, and a connection that is lost or back. */
  #speak({ status, note, bar }: ZipView, percent: string): void {
    const quarter = typeof bar === 'number' ? Math.floor(bar / 25) : 0;
    // A single lost connection, such as to a proxy that closes each after a minute, is not worth a word.
    const isLost = (this.#job.circumstances.lost?.attempt ?? 0) > 1;
    const last = this.#spoken;
    const parts =
      isLost && !last.isLost
        ? [note]
        : status !== last.status || (last.isLost && !isLost)
          ? [status, note]
          : quarter > last.quarter
            ? [percent]
            : [];
    if (parts.length > 0) this.#face?.speak([this.label, ...parts].filter(Boolean).join(': '));
    this.#spoken = { status, quarter, isLost };
  }

  /** @returns whether the page lets the element go on */
  #emit<K extends keyof AlfrescoZipEventMap>(
    type: K,
    detail: AlfrescoZipEventMap[K]['detail'],
  ): boolean {
    const cancelable = type === 'zip-done';
    const event = new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable });
    return this.dispatchEvent(event);
  }

  #reflect(name: string, value: string | null | undefined): void {
    if (value === undefined || value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** Passes a value on that was set before the element was defined, and so hides the property of the class. */
  #upgrade(name: (typeof PROPERTIES)[number]): void {
    if (!Object.hasOwn(this, name)) return;
    const { value } = Object.getOwnPropertyDescriptor(this, name)!;
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, value);
  }
}
