import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../../sandbox/sample-nodes.ts';
import { type Bff, startBff } from '../../harness/bff.js';
import { allUsers } from '../../harness/callers.js';
import { AUDIENCE } from '../../harness/identity-provider.js';
import { WebSite } from '../../harness/web-site.js';
import type { AdfApp } from './adf-app.js';
import { OpenIdProvider } from './openid-provider.js';

/** How the application reaches the service, and how its users log in. */
export interface Way {
  readonly origin: 'same' | 'other';
  readonly login: 'Basic' | 'OAuth';
}

/** Documents of the application by name. */
const DOCUMENTS = {
  Projects: SAMPLE_NODES.projectsFolder,
  'docTest1.txt': SAMPLE_NODES.textFile,
  'docTest2.txt': SAMPLE_NODES.secondTextFile,
  'large.bin': SAMPLE_NODES.largeFile,
  'of bob only': SAMPLE_NODES.forbiddenFile,
  'crashes the job': SAMPLE_NODES.crashingFile,
} as const;

export type DocumentName = keyof typeof DOCUMENTS;

/** The application, the service, Alfresco and, for OAuth, an OpenID provider. */
export class AdfDeployment {
  private constructor(
    readonly sandbox: Sandbox,
    readonly site: WebSite,
    readonly bff: Bff,
    private readonly provider: OpenIdProvider | undefined,
  ) {}

  static async start(app: AdfApp, { origin, login }: Way): Promise<AdfDeployment> {
    const sandbox = await startSandbox();
    const site = await WebSite.start(app.pages, '/alfresco/');
    const provider =
      login === 'OAuth'
        ? await OpenIdProvider.start(app.module('oidc-provider/lib/index.js'), site.url)
        : undefined;
    const bff = await startBff(sandbox.url, {
      API_PREFIX: 'alfresco/api/-default-/public/alfresco/versions/1',
      ...(provider
        ? { AUTH: 'bearer', OIDC_ISSUER: provider.issuer, OIDC_AUDIENCE: AUDIENCE }
        : { USERS: allUsers() }),
      ...(origin === 'other' && { CORS_ORIGINS: site.url }),
    });
    site.service = bff.url;
    // ADF reads it on start.
    site.files['/app.config.json'] = {
      providers: 'ECM',
      authType: provider ? 'OAUTH' : 'BASIC',
      ecmHost: origin === 'same' ? '{protocol}//{hostname}{:port}' : bff.url,
      disableCSRF: origin === 'same',
      loginRoute: 'login',
      application: { name: 'Documents', storagePrefix: '' },
      ...(provider && {
        oauth2: {
          host: provider.issuer,
          clientId: 'adf',
          scope: 'openid profile',
          codeFlow: true,
          silentLogin: false,
          requireHttps: false,
          redirectUri: '/',
          redirectUriLogout: '/',
        },
      }),
      documents: Object.entries(DOCUMENTS).map(([name, id]) => ({ entry: nodeOf(name, id) })),
    };
    return new AdfDeployment(sandbox, site, bff, provider);
  }

  /** Ends a ticket, as if it had expired. */
  async end(ticket: string): Promise<void> {
    const own = `${this.bff.url}/alfresco/api/-default-/public/authentication/versions/1/tickets/-me-`;
    const authorization = `Basic ${btoa(ticket)}`;
    const { status } = await fetch(own, { method: 'DELETE', headers: { authorization } });
    if (status !== 204) throw new Error(`the ticket was not deleted: ${status}`);
  }

  async close(): Promise<void> {
    await this.site.close();
    await this.provider?.close();
    await this.bff.close();
    await this.sandbox.close();
  }
}

function nodeOf(name: string, id: string): object {
  const isFolder = id === SAMPLE_NODES.projectsFolder;
  return { id, name, isFolder, isFile: !isFolder };
}
