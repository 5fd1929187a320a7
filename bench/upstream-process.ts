import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LOAD_CORES, pinned } from './cores.ts';

const API = '/alfresco/api/-default-/public/alfresco/versions/1';

/** Runs `upstream.ts`, a fast Alfresco, on the core of the load. */
export class Upstream {
  private readonly child: ChildProcess;
  readonly origin: string;

  private constructor(child: ChildProcess, port: string) {
    this.child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** @param zipBytes size of the ZIPs of new downloads */
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

  get pid(): number {
    return this.child.pid!;
  }

  /** For `ALFRESCO_URL`. */
  get alfrescoUrl(): string {
    return `${this.origin}/alfresco`;
  }

  /** The number of requests so far. */
  async requests(): Promise<number> {
    this.child.send('requests');
    return ((await once(this.child, 'message')) as [number])[0];
  }

  stop(): void {
    this.child.kill();
  }
}

/** The path of a download at Alfresco and at a plain proxy. */
export function downloadPath(id: string): string {
  return `${API}/downloads/${id}`;
}

/** The path of a ZIP at Alfresco and at a plain proxy. */
export function contentPath(id: string): string {
  return `${API}/nodes/${id}/content`;
}
