import {
  type Download,
  type DownloadEvent,
  DownloadsClient,
  DownloadsProblem,
  type ProgressEvent,
  type ServiceAddress,
  endsLogin,
  newIdempotencyKey,
} from '../index.ts';
import { ZipFace } from './zip-face.ts';
import { ENGLISH, type ZipTexts } from './zip-texts.ts';
import { type ZipAction, type ZipState, type ZipView, hasEnded, zipView } from './zip-view.ts';
import { ZipWords } from './zip-words.ts';

/** What `zip-error` tells. */
export interface ZipFailure {
  /** What the element shows. */
  readonly message: string;
  /** Absent if the download has ended without a ZIP: too large, or removed. */
  readonly error?: unknown;
}

/** The events of the element. They bubble, also out of other elements' shadows. */
export interface AlfrescoZipEventMap {
  /** The service makes the ZIP. */
  'zip-created': CustomEvent<Download>;
  /** It has got further, or has not for long (`type` is `stalled`). */
  'zip-progress': CustomEvent<ProgressEvent>;
  /** It is made. The element saves what its button has asked for, unless `preventDefault()` is called. */
  'zip-done': CustomEvent<ProgressEvent>;
  'zip-cancelled': CustomEvent<ProgressEvent>;
  'zip-error': CustomEvent<ZipFailure>;
}

/** Elements with a connection of their own at a time; browsers open six to an origin, over HTTP/1.1. */
const MAX_STREAMS = 3;
let streams = 0;

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
 * Watching ends when the element leaves the document and resumes when it returns. What has been asked for goes on at the
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

  #face: ZipFace | undefined;
  #state: ZipState = { type: 'idle' };
  #lost: Extract<DownloadEvent, { type: 'reconnecting' }> | undefined;
  #isCancelling = false;
  #isBusy = false;
  /** The last percentage that was spoken, and the status before. */
  #spoken = { quarter: 0, status: '' };
  #downloadId: string | undefined;
  /** Whether this element's button has asked for the download, so that it is saved when done. */
  #isAsked = false;
  /** The same until a request has succeeded, so that pressing the button again cannot make a second ZIP. */
  #key = '';
  #watching: AbortController | undefined;
  #authorization: ServiceAddress['authorization'];
  #texts: ZipTexts = {};

  /** The ids of the nodes. Setting it sets the attribute, in which they are separated by spaces or commas. */
  get nodeIds(): readonly string[] {
    return (this.getAttribute('node-ids') ?? '').split(/[\s,]+/).filter(Boolean);
  }
  set nodeIds(ids: readonly string[] | string | null | undefined) {
    this.#reflect('node-ids', typeof ids === 'string' ? ids : ids?.join(' '));
  }

  /** The download that is shown. Set it, or the attribute, to show one that was asked for elsewhere or earlier. */
  get downloadId(): string | undefined {
    return this.#downloadId;
  }
  set downloadId(id: string | null | undefined) {
    if ((id ?? undefined) === this.#downloadId) return;
    this.#forget();
    this.#downloadId = id ?? undefined;
    this.#resume();
  }

  /** The address of the API; default: the page's own origin. */
  get baseUrl(): string {
    return (this.getAttribute('base-url') ?? '').replace(/\/+$/, '');
  }
  set baseUrl(url: string | null | undefined) {
    this.#reflect('base-url', url);
  }

  /** `include` to send the cookie of a session to another origin. */
  get credentials(): NonNullable<ServiceAddress['credentials']> {
    const value = this.getAttribute('credentials');
    return value === 'include' || value === 'omit' ? value : 'same-origin';
  }
  set credentials(value: ServiceAddress['credentials'] | null) {
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
    // A login that had ended is renewed.
    this.#resume();
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
    this.#resume();
    this.#draw();
  }

  disconnectedCallback(): void {
    // Not if it was only moved.
    queueMicrotask(() => {
      if (!this.isConnected) this.#watching?.abort();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === 'download-id') this.downloadId = after;
    else if (name === 'base-url' || name === 'credentials') this.#forget();
    else if (name === 'node-ids') this.#choose();
    this.#draw();
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

  get #isEnded(): boolean {
    return hasEnded(this.#state);
  }

  get #words(): ZipWords {
    const texts = this.#texts as Readonly<Record<string, string | undefined>>;
    const language = this.closest<HTMLElement>('[lang]')?.lang ?? document.documentElement.lang;
    return new ZipWords(
      (name) => this.getAttribute(`text-${name}`) ?? texts[name],
      language || 'en',
    );
  }

  /** A client for one request, or for watching; the credentials are those of the moment. */
  #client(maxHeldConnections = 0): DownloadsClient {
    const authorization = this.#authorization;
    return new DownloadsClient({
      baseUrl: this.baseUrl,
      credentials: this.credentials,
      maxHeldConnections,
      ...(authorization !== undefined && {
        authorization: () => {
          const current = this.#authorization ?? authorization;
          return typeof current === 'string' ? current : current();
        },
      }),
    });
  }

  /** Other nodes: what is being made goes on; what has ended gives way to the button. */
  #choose(): void {
    this.#key = '';
    if (this.#isEnded || this.#state.type === 'idle') this.#forget();
  }

  /** Back to the button. */
  #forget(): void {
    this.#watching?.abort();
    this.#watching = undefined;
    this.#downloadId = undefined;
    this.#state = { type: 'idle' };
    this.#lost = undefined;
    this.#isCancelling = false;
    this.#isAsked = false;
    this.#key = '';
    if (this.#face) this.#face.error = '';
  }

  /** Watches the download, if there is one to watch. */
  #resume(): void {
    const id = this.#downloadId;
    if (id === undefined || this.#isEnded || !this.isConnected) return;
    if (this.#watching && !this.#watching.signal.aborted) return;
    void this.#watch(id);
  }

  async #watch(id: string): Promise<void> {
    const watching = new AbortController();
    this.#watching = watching;
    if (this.#state.type === 'idle') this.#state = { type: 'asking' };
    if (this.#face) this.#face.error = '';
    const holds = streams < MAX_STREAMS ? 1 : 0;
    streams += holds;
    try {
      for await (const event of this.#client(holds).watch(id, watching)) this.#handle(event);
    } catch (error) {
      if (!watching.signal.aborted) this.#fail(error);
    } finally {
      streams -= holds;
      watching.abort();
    }
  }

  #handle(event: DownloadEvent): void {
    if (event.type === 'reconnecting') {
      this.#lost = event;
      this.#draw();
      return;
    }
    // Not the download has ended, but the login.
    if (event.type === 'gone' && endsLogin(event.problem))
      throw new DownloadsProblem(event.problem);
    this.#lost = undefined;
    this.#state = event;
    const view = this.#draw();
    switch (event.type) {
      case 'progress':
      case 'stalled':
        this.#emit('zip-progress', event);
        break;
      case 'cancelled':
        this.#emit('zip-cancelled', event);
        break;
      case 'done': {
        const mayContinue = this.#emit('zip-done', event);
        if (mayContinue && this.#isAsked && !this.#isCancelling) void this.#run('save');
        break;
      }
      default:
        this.#emit('zip-error', { message: view.note });
    }
  }

  /** Runs one action at a time, if it is offered. */
  async #run(action: ZipAction): Promise<void> {
    if (this.#isBusy || !this.#view.actions.includes(action)) return;
    this.#isBusy = true;
    if (this.#face) this.#face.error = '';
    try {
      if (action === 'make') await this.#make();
      else if (action === 'save') await this.#save(this.#downloadId!);
      else await this.#stop(this.#downloadId!, action);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #make(): Promise<void> {
    const { nodeIds } = this;
    if (nodeIds.length === 0) return;
    const key = this.#key || newIdempotencyKey();
    this.#forget();
    this.#key = key;
    this.#state = { type: 'asking' };
    this.#draw();
    try {
      const download = await this.#client().create(nodeIds, { idempotencyKey: key });
      // Something else is to be shown meanwhile.
      if (this.#key !== key) return;
      this.#key = '';
      this.#downloadId = download.id;
      this.#isAsked = true;
      this.#emit('zip-created', download);
      this.#resume();
    } catch (error) {
      if (this.#key !== key) return;
      this.#state = { type: 'idle' };
      this.#draw();
      throw error;
    }
  }

  async #save(id: string): Promise<void> {
    const client = this.#client();
    // Fails here if the download is gone: about a broken link, the browser would only say that it failed.
    await client.get(id);
    const { contentUrl } = await client.link(id);
    const link = document.createElement('a');
    link.href = contentUrl;
    // Keeps the page open whatever the response.
    link.download = '';
    link.click();
  }

  async #stop(id: string, action: 'cancel' | 'give-up'): Promise<void> {
    const before = this.#isCancelling;
    this.#isCancelling = true;
    this.#draw();
    try {
      // A job that has crashed never gets to cancelling.
      if (action === 'give-up') await this.#client().remove(id);
      else await this.#client().cancel(id);
    } catch (error) {
      this.#isCancelling = before;
      this.#draw();
      throw error;
    }
    if (action === 'cancel' || id !== this.#downloadId) return;
    this.#forget();
    this.#draw();
  }

  #fail(error: unknown): void {
    if (error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND') {
      this.#watching?.abort();
      this.#handle({ type: 'gone', problem: error.problem });
      return;
    }
    const message = this.#words.failure(error, this.nodeIds);
    if (this.#face) this.#face.error = message;
    this.#emit('zip-error', { message, error });
  }

  get #view(): ZipView {
    return zipView(
      this.#state,
      { isCancelling: this.#isCancelling, lost: this.#lost },
      this.#words,
    );
  }

  #draw(): ZipView {
    const view = this.#view;
    if (!this.#face) return view;
    const words = this.#words;
    const buttons = {
      make: words.text('make'),
      save: words.text('save'),
      cancel: words.text('cancel'),
      'give-up': words.text('give-up'),
    };
    const percent = typeof view.bar === 'number' ? words.percent(view.bar) : '';
    const canMake = this.nodeIds.length > 0;
    const { label } = this;
    this.#face.draw(view, { buttons, progress: words.text('progress'), percent, label, canMake });
    this.#speak(view, percent);
    return view;
  }

  /** Changes of the state are spoken, and each quarter of the progress. */
  #speak({ status, note, bar }: ZipView, percent: string): void {
    const quarter = typeof bar === 'number' ? Math.floor(bar / 25) : 0;
    const isNews = status !== this.#spoken.status;
    if (isNews) this.#face?.speak([this.label, status, note].filter(Boolean).join(': '));
    else if (quarter > this.#spoken.quarter)
      this.#face?.speak([this.label, percent].filter(Boolean).join(': '));
    this.#spoken = { status, quarter };
  }

  /** Returns whether the page lets the element go on. */
  #emit<K extends keyof AlfrescoZipEventMap>(
    type: K,
    detail: AlfrescoZipEventMap[K]['detail'],
  ): boolean {
    const cancelable = type === 'zip-done';
    return this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }),
    );
  }

  #reflect(name: string, value: string | null | undefined): void {
    if (value === undefined || value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** Passes a value on that was set before the element was defined and hides the property of the class. */
  #upgrade(name: (typeof PROPERTIES)[number]): void {
    if (!Object.hasOwn(this, name)) return;
    const { value } = Object.getOwnPropertyDescriptor(this, name)!;
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, value);
  }
}
