import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoService, startDemoService } from '../../demo/demo-service.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';

/** The demo with its own stand-in; its service can be stopped, and started again at the same address. */
export class Demo {
  private readonly directory = mkdtempSync(join(tmpdir(), 'demo-'));
  private service?: DemoService;
  private port = '0';

  private constructor(
    readonly sandbox: Sandbox,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  static async start(
    options: SandboxOptions = {},
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Demo> {
    const demo = new Demo(await startSandbox(options), variables);
    await demo.startService();
    return demo;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.service !== undefined;
  }

  async startService(): Promise<void> {
    this.service = await startDemoService(this.sandbox, process.env.BUILT_SERVICE!, {
      HOST: '127.0.0.1',
      PORT: this.port,
      LOG_LEVEL: 'silent',
      RATE_LIMIT: 'off',
      STORE_URL: `sqlite:${join(this.directory, 'downloads.db')}`,
      ...this.variables,
    });
    this.port = new URL(this.service.url).port;
  }

  async stopService(): Promise<void> {
    await this.service?.close();
    this.service = undefined;
  }

  async close(): Promise<void> {
    await this.stopService();
    await this.sandbox.close();
    rmSync(this.directory, { recursive: true });
  }
}
