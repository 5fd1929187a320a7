import { Readable } from 'node:stream';
import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ALFRESCO_CONFIG, apiPath, jsonHeaders, requestHeaders } from '../alfresco/alfresco-api.js';
import { AlfrescoClient } from '../alfresco/alfresco.client.js';
import { AlfrescoModule } from '../alfresco/alfresco.module.js';
import { discard } from '../alfresco/content/resumable-content.js';
import { ANONYMOUS_SEND, AUTHORIZED_SEND } from '../alfresco/http/pipeline.js';
import type { OnBehalfOf, Send, UpstreamResponse } from '../alfresco/http/upstream-call.js';
import { CallerTokens } from '../auth/caller-tokens.js';
import type { AlfrescoConfig, AppConfig } from '../config/app-config.js';
import { PACING_CONFIG } from '../config/pacing.js';
import { Metrics } from '../observability/metrics.js';

/** A token that nobody has issued: what becomes of it shows who refuses it. */
const UNKNOWN_TOKEN = 'alfresco-downloads-check';

/** What `AlfrescoModule` needs, without anything that serves requests. */
@Module({})
class CheckedConfiguration {
  static forRoot({ alfresco, pacing }: AppConfig): DynamicModule {
    const providers = [
      { provide: ALFRESCO_CONFIG, useValue: alfresco },
      { provide: PACING_CONFIG, useValue: pacing },
      { provide: Metrics, useValue: new Metrics() },
      { provide: CallerTokens, useValue: { tokenOf: () => Promise.resolve(UNKNOWN_TOKEN) } },
    ];
    const exports = providers.map(({ provide }) => provide);
    return { module: CheckedConfiguration, providers, exports };
  }
}

/** Status and headers. */
export type ResponseHead = Omit<UpstreamResponse<unknown>, 'data'>;

/** Alfresco as the service reaches it, with the same client, transport and credentials. */
export class AlfrescoAccess {
  readonly client: AlfrescoClient;
  private readonly authorized: Send;
  private readonly anonymous: Send;

  private constructor(
    private readonly context: INestApplicationContext,
    readonly config: AlfrescoConfig,
    /** In whose name it is called, where the configuration asks for one. */
    readonly caller: OnBehalfOf,
  ) {
    this.client = context.get(AlfrescoClient);
    this.authorized = context.get<Send>(AUTHORIZED_SEND);
    this.anonymous = context.get<Send>(ANONYMOUS_SEND);
  }

  /** @param user whom Alfresco knows, in whose name it is called */
  static async open(config: AppConfig, user = 'nobody'): Promise<AlfrescoAccess> {
    const root = AlfrescoModule.forRoot(CheckedConfiguration.forRoot(config));
    const context = await NestFactory.createApplicationContext(root, { logger: false });
    return new AlfrescoAccess(context, config.alfresco, { id: `check:${user}`, name: user });
  }

  /** GET with the credentials of the service. @param path below the web application, e.g. `/api/discovery` */
  get(path: string): Promise<UpstreamResponse<string>> {
    return this.authorized<string>({
      operation: 'read',
      retry: 'never',
      method: 'GET',
      path: new URL(this.config.url).pathname.replace(/\/$/, '') + path,
      template: path,
      headers: jsonHeaders(),
      onBehalfOf: this.caller,
    });
  }

  /**
   * A request for the content of a node, as a client of Alfresco would send it.
   * @returns the head of the response; the body is not read
   */
  async head(id: string, method: 'GET' | 'HEAD', range?: string): Promise<ResponseHead> {
    const { status, headers, data } = await this.authorized<Readable | string>({
      operation: 'content',
      retry: 'never',
      method,
      path: `${apiPath(this.config, 'alfresco')}/nodes/${encodeURIComponent(id)}/content`,
      template: '/nodes/{id}/content',
      headers: { ...requestHeaders('*/*'), ...(range !== undefined && { Range: range }) },
      isStream: method === 'GET',
      onBehalfOf: this.caller,
    });
    if (data instanceof Readable) discard(data);
    return { status, headers };
  }

  /** GET without credentials. @param path from the root of the host on */
  getAnonymously(path: string): Promise<UpstreamResponse<string>> {
    return this.anonymous<string>({
      operation: 'probe',
      retry: 'never',
      method: 'GET',
      path,
      template: path,
      headers: jsonHeaders(),
    });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
