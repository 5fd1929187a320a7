import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import type { Sandbox } from '../sandbox.ts';
import { SAMPLE_USERS } from '../sample-nodes.ts';

export const CORE = '/api/-default-/public/alfresco/versions/1';
export const AUTHENTICATION = '/api/-default-/public/authentication/versions/1';
const POLL_MS = 5;

/** The Authorization header of a sample user. */
export function basic(userId: string, password?: string): string {
  const secret = password ?? SAMPLE_USERS.find((user) => user.id === userId)?.password ?? '';
  return `Basic ${Buffer.from(`${userId}:${secret}`).toString('base64')}`;
}

interface CallOptions {
  body?: string;
  headers?: Record<string, string>;
  /** `null`: without credentials. */
  user?: string | null;
  /** Path of the API below the web application. */
  api?: string;
}

/** A response with its body read. */
export interface TestResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON, loosely typed for assertions. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any;
}

/** Sends requests to a sandbox, by default as alice. */
export class TestClient {
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<TestResponse> {
    const response = await this.fetch(method, path, options);
    const body = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text: body,
      json: isJson && body !== '' ? JSON.parse(body) : undefined,
    };
  }

  fetch(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const { body, headers = {}, user = 'alice', api = CORE } = options;
    const authorization: Record<string, string> =
      user === null ? {} : { authorization: basic(user) };
    return fetch(`${this.#sandbox.url}${api}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...authorization, ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Creates a download and returns its id. */
  async create(nodeIds: readonly string[], user = 'alice'): Promise<string> {
    const {
      status,
      json,
      text: body,
    } = await this.call('POST', '/downloads', {
      user,
      body: JSON.stringify({ nodeIds }),
    });
    if (status !== 202) throw new Error(`${status} ${body}`);
    return json.entry.id;
  }

  /** Polls until the download has the status and returns its entry. */
  // oxlint-disable-next-line typescript/no-explicit-any
  async waitFor(id: string, wanted: string): Promise<any> {
    for (;;) {
      const { json } = await this.call('GET', `/downloads/${id}`, { user: 'admin' });
      if (json.entry?.status === wanted) return json.entry;
      await sleep(POLL_MS);
    }
  }

  /** Creates a download, waits for its end and returns the bytes of the ZIP. */
  async archive(nodeIds: readonly string[]): Promise<Buffer> {
    const id = await this.create(nodeIds);
    await this.waitFor(id, 'DONE');
    return Buffer.from(await (await this.fetch('GET', `/nodes/${id}/content`)).arrayBuffer());
  }

  /** Sends raw text, waits until the server closes the connection and returns all it sent, as Latin-1. */
  async raw(request: string): Promise<string> {
    const socket = connect(Number(new URL(this.#sandbox.url).port), '127.0.0.1');
    socket.setEncoding('latin1');
    socket.write(request);
    return text(socket);
  }

  /**
   * Sends a GET and, after it on the same connection, a probe that closes the connection. The response to the GET is
   * all that precedes the probe's response, even if shorter than its Content-Length.
   */
  async rawGet(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ head: string; body: string }> {
    const lines = Object.entries({ Host: 'x', Authorization: basic('alice'), ...headers }).map(
      (pair) => pair.join(': '),
    );
    const all = await this.raw(
      `GET /alfresco${CORE}${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n` +
        `GET /alfresco${CORE}/probes/-live- HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    const response = all.slice(0, all.lastIndexOf('HTTP/1.1 '));
    const end = response.indexOf('\r\n\r\n');
    return { head: response.slice(0, end), body: response.slice(end + 4) };
  }
}

/** Repeats until the condition holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(POLL_MS);
}

/** The entries of a ZIP in order. */
export async function entriesOf(zip: Buffer): Promise<Entry[]> {
  const file = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    );
  });
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    file.on('entry', (entry: Entry) => {
      entries.push(entry);
      file.readEntry();
    });
    file.on('end', () => resolve(entries));
    file.on('error', reject);
    file.readEntry();
  });
}
