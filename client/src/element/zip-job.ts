import {
  type Download,
  type DownloadEvent,
  type DownloadsClient,
  DownloadsProblem,
  endsLogin,
  newIdempotencyKey,
} from '../index.ts';
import { type ZipAction, type ZipCircumstances, type ZipState, hasEnded } from './zip-view.ts';

/** What a job needs from the element. */
export interface ZipJobHost {
  nodeIds(): readonly string[];
  /** Whether the element is in a document. */
  isConnected(): boolean;
  /** A client with the current address. @param maxHeldConnections while it watches */
  client(maxHeldConnections?: number): DownloadsClient;
  /** Something to be shown has changed. */
  onChange(): void;
  onCreated(download: Download): void;
  onRemoved(id: string): void;
  /** @returns whether a ZIP that is done may be saved without a further request of the user */
  onEvent(event: Exclude<DownloadEvent, { type: 'reconnecting' }>): boolean;
  /** @param error `undefined` when the last one is over */
  onError(error: unknown): void;
}

/** Elements with a connection of their own at a time; browsers open six to an origin, over HTTP/1.1. */
const MAX_STREAMS = 3;
let streams = 0;

/** The download of one element: asked for, watched, cancelled, saved. */
export class ZipJob {
  readonly #host: ZipJobHost;
  #state: ZipState = { type: 'idle' };
  #since: ZipCircumstances = {};
  #id: string | undefined;
  #isBusy = false;
  /** Whether it was asked for here, so that it is saved when done. */
  #isOwn = false;
  /** The same until a request has succeeded, so that a second attempt cannot make a second ZIP. */
  #key = '';
  #watching: AbortController | undefined;

  constructor(host: ZipJobHost) {
    this.#host = host;
  }

  get id(): string | undefined {
    return this.#id;
  }

  get state(): ZipState {
    return this.#state;
  }

  get circumstances(): ZipCircumstances {
    return this.#since;
  }

  /** Other nodes were chosen: what is being made goes on, what has ended gives way to them. */
  choose(): void {
    if (this.#state.type === 'idle' || hasEnded(this.#state)) this.show(undefined);
  }

  /** Shows this download, or none. @param state as far as it is known */
  show(
    id: string | undefined,
    state: ZipState = { type: id === undefined ? 'idle' : 'asking' },
  ): void {
    this.pause();
    this.#id = id;
    this.#state = state;
    this.#since = {};
    this.#isOwn = false;
    this.#key = '';
    this.#host.onError(undefined);
    this.resume();
    this.#host.onChange();
  }

  /** Watches the download, if there is one that can change and it is not watched. */
  resume(): void {
    if (this.#id === undefined || hasEnded(this.#state) || this.#since.hasFailed) return;
    if (!this.#host.isConnected() || this.#watching) return;
    void this.#watch(this.#id);
  }

  /** Stops watching. */
  pause(): void {
    this.#watching?.abort();
    this.#watching = undefined;
  }

  /** Runs one action at a time. */
  async run(action: ZipAction): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#host.onError(undefined);
    try {
      if (action === 'make') await this.#make();
      else if (action === 'retry') this.#retry();
      else if (action === 'save') await this.#save(this.#id!);
      else await this.#stop(this.#id!, action);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #make(): Promise<void> {
    const key = this.#key || newIdempotencyKey();
    const nodeIds = this.#host.nodeIds();
    this.show(undefined);
    this.#key = key;
    this.#set({ type: 'asking' });
    try {
      const download = await this.#host.client().create(nodeIds, { idempotencyKey: key });
      // Meanwhile, something else may have to be shown.
      if (this.#key !== key) return;
      this.#key = '';
      this.#id = download.id;
      this.#isOwn = true;
      this.#host.onCreated(download);
      this.resume();
    } catch (error) {
      if (this.#key !== key) return;
      this.#set({ type: 'idle' });
      throw error;
    }
  }

  #retry(): void {
    this.#set(this.#state);
    this.resume();
  }

  async #save(id: string): Promise<void> {
    const client = this.#host.client();
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
    const before = this.#since;
    this.#set(this.#state, { ...before, isCancelling: true });
    try {
      if (action === 'cancel') return await this.#host.client().cancel(id);
      // A job that has crashed never gets to cancelling. Watching would end with the news that it is gone.
      this.pause();
      await this.#host.client().remove(id);
    } catch (error) {
      this.#set(this.#state, before);
      this.resume();
      throw error;
    }
    if (id !== this.#id) return;
    this.show(undefined);
    this.#host.onRemoved(id);
  }

  async #watch(id: string): Promise<void> {
    const watching = new AbortController();
    this.#watching = watching;
    const held = streams < MAX_STREAMS ? 1 : 0;
    streams += held;
    try {
      for await (const event of this.#host.client(held).watch(id, watching)) this.#handle(event);
    } catch (error) {
      if (watching.signal.aborted) return;
      this.pause();
      this.#set(this.#state, { hasFailed: true });
      this.#fail(error);
    } finally {
      streams -= held;
    }
  }

  #handle(event: DownloadEvent): void {
    const { isCancelling = false } = this.#since;
    if (event.type === 'reconnecting') {
      this.#set(this.#state, { isCancelling, lost: event });
      return;
    }
    // Not the download has ended, but the login.
    if (event.type === 'gone' && endsLogin(event.problem)) {
      throw new DownloadsProblem(event.problem);
    }
    this.#set(event, { isCancelling });
    const maySave = this.#host.onEvent(event);
    if (event.type === 'done' && maySave && this.#isOwn && !isCancelling) void this.run('save');
  }

  #fail(error: unknown): void {
    if (error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND') {
      this.pause();
      this.#handle({ type: 'gone', problem: error.problem });
    } else {
      this.#host.onError(error);
    }
  }

  #set(state: ZipState, since: ZipCircumstances = {}): void {
    this.#state = state;
    this.#since = since;
    this.#host.onChange();
  }
}
