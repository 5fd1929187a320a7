import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LOAD_CORES, pinned } from './cores.ts';

const API = '/alfresco/api/-default-/public/alfresco/versions/1';

/** The fast Alfresco of `upstream.ts`, beside the load. */
export class Upstream {
  private readonly child: ChildProcess;
  readonly origin: string;

  private constructor(child: ChildProcess, port: string) {
    this.child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** @param zipBytes size of the ZIP of downloads that are made there */
  static async start(zipBytes = 0): Promise<Upstream> {
    const [program, ...args] = pinned(LOAD_CORES, [
      process.execPath,
      join(import.meta.dirname, 'upstream.ts'),
      String(zipBytes),
    ]);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const [port] = (await once(child.stdout!, 'data')) as [Buffer];
    return new Upstream(child, port.toString().trim());
  }

  /** For `ALFRESCO_URL`. */
  get alfrescoUrl(): string {
    return `${this.origin}/alfresco`;
  }

  /** Requests that it has answered so far. */
  async requests(): Promise<number> {
    this.child.send('requests');
    return ((await once(this.child, 'message')) as [number])[0];
  }

  stop(): void {
    this.child.kill();
  }
}

/** Path of a download at Alfresco, and at a proxy that changes none. */
export function downloadPath(id: string): string {
  return `${API}/downloads/${id}`;
}

/** Path of a ZIP at Alfresco, and at a proxy that changes none. */
export function contentPath(id: string): string {
  return `${API}/nodes/${id}/content`;
}
