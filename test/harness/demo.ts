import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoBackends, startDemoBackends } from '../../demo/demo-backends.ts';
import { type DemoServices, startDemoServices } from '../../demo/demo-service.ts';
import type { IdentityProvider } from '../../demo/identity-provider.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/sandbox.ts';

/** How a demo differs from that of `npm run demo`. */
export interface DemoSetup {
  readonly sandbox?: SandboxOptions;
  /** Environment of its services. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly accessTokenSeconds?: number;
}

/** The demo with its own stand-in; its services can be stopped, and started again at the same addresses. */
export class Demo {
  private readonly directory = mkdtempSync(join(tmpdir(), 'demo-'));
  private services?: DemoServices;
  private port = '0';

  private constructor(
    private readonly backends: DemoBackends,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  static async start(setup: DemoSetup = {}): Promise<Demo> {
    const { sandbox, variables = {}, ...tokens } = setup;
    const demo = new Demo(await startDemoBackends(sandbox, tokens), variables);
    await demo.startService();
    return demo;
  }

  /** Of the service for names and passwords. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Of the service for users of the provider. */
  get providerUrl(): string {
    return this.backends.providerServiceUrl;
  }

  get sandbox(): Sandbox {
    return this.backends.sandbox;
  }

  get provider(): IdentityProvider {
    return this.backends.provider;
  }

  get isRunning(): boolean {
    return this.services !== undefined;
  }

  /** @param more how the environment differs this time */
  async startService(more: Readonly<Record<string, string>> = {}): Promise<void> {
    this.services = await startDemoServices(this.backends, process.env.BUILT_SERVICE!, {
      HOST: '127.0.0.1',
      PORT: this.port,
      LOG_LEVEL: 'silent',
      RATE_LIMIT: 'off',
      STORE_URL: `sqlite:${join(this.directory, 'downloads.db')}`,
      ...this.variables,
      ...more,
    });
    this.port = new URL(this.services.url).port;
  }

  async stopService(): Promise<void> {
    await this.services?.close();
    this.services = undefined;
  }

  async close(): Promise<void> {
    await this.stopService();
    await this.backends.close();
    rmSync(this.directory, { recursive: true });
  }
}
