import type { ExternalAuthentication } from './auth/external-mapper.ts';
import type { IdentityServiceSettings } from './auth/identity-service.ts';
import { TICKET_VALID_MS } from './auth/tickets.ts';
import { SAMPLE_USERS } from './sample-nodes.ts';
import type { TlsSettings } from './server/listener.ts';

/** An account of the repository. */
export interface SandboxUser {
  id: string;
  password: string;
  displayName?: string;
  /** Administrators may read, change and delete every node. */
  admin?: boolean;
}

/** A node besides the samples: a file with the given or generated content, or a folder. */
export interface SandboxNode {
  id: string;
  name: string;
  /** Default: `SAMPLE_NODES.root`. Parents must come before their children. */
  parentId?: string;
  /** Default: cm:content with content, cm:folder without. A cm:content without content is a file that was never written. */
  type?: 'cm:content' | 'cm:folder';
  /** Content as text/plain. */
  text?: string;
  /** Length of generated, incompressible content. */
  randomBytes?: number;
  /** Default: admin. */
  creator?: string;
  /** Users who may read it besides the creator and administrators; default: everyone. */
  readers?: readonly string[];
}

/** The settings of a sandbox, all optional. */
export interface SandboxOptions {
  /** Address to listen on; default 127.0.0.1. */
  host?: string;
  /** Port to listen on; default 0, any free one. */
  port?: number;
  /** Default: `SAMPLE_USERS`. */
  users?: SandboxUser[];
  /** Nodes besides the samples; default none. */
  nodes?: readonly SandboxNode[];
  /** Source bytes per second that each job adds to its ZIP; default unlimited, 0 holds jobs after their first chunk. */
  bytesPerSecond?: number;
  /** Size of the generated `largeFile`; default 220,000,000. */
  largeFileBytes?: number;
  /** Alfresco's `download.maxContentSize` in bytes; default 2152852358, 0 or less is unlimited. */
  maxContentSize?: number;
  /** How long a job counts files while its download is PENDING; default 50. */
  estimateDelayMs?: number;
  /** How much each file adds to that; default 2. */
  estimateMsPerFile?: number;
  /** Speed at which content above 4 MiB is buffered before its first byte is sent; default 500,000,000. */
  bufferedBytesPerSecond?: number;
  /** Alfresco's `download.cleaner.*`; default one hour each. */
  cleaner?: { startDelayMs?: number; repeatIntervalMs?: number; maxAgeMs?: number };
  /** Alfresco's `authentication.ticket.validDuration`, with its renewal rules; default one hour. */
  ticketValidMs?: number;
  /** Alfresco's `authentication.protection.periodSeconds`, which each attempt restarts; default 6 s. */
  protectionMs?: number;
  /** Tomcat's `connectionTimeout`, for idle connections and for clients that read nothing; default 20 s. */
  connectionTimeoutMs?: number;
  /** HTTPS, with optional client certificates; default plain HTTP. */
  tls?: TlsSettings;
  /** The external-authentication subsystem; default none, as in Alfresco. */
  external?: ExternalAuthentication;
  /** The identity-service subsystem (bearer tokens); default none, as in Alfresco. `external` takes precedence. */
  identityService?: IdentityServiceSettings;
  /** Whether users whom another system has authenticated are created at their first request; default true. */
  createMissingPeople?: boolean;
  /** Receives one line per request; default none. */
  log?: (line: string) => void;
}

/** `SandboxOptions` with every default filled in. */
export interface Settings {
  host: string;
  port: number;
  users: readonly SandboxUser[];
  nodes: readonly SandboxNode[];
  bytesPerSecond: number | undefined;
  largeFileBytes: number;
  maxContentSize: number;
  estimateDelayMs: number;
  estimateMsPerFile: number;
  bufferedBytesPerSecond: number;
  cleaner: { startDelayMs: number; repeatIntervalMs: number; maxAgeMs: number };
  ticketValidMs: number;
  protectionMs: number;
  connectionTimeoutMs: number;
  tls: TlsSettings | undefined;
  external: ExternalAuthentication | undefined;
  identityService: IdentityServiceSettings | undefined;
  createMissingPeople: boolean;
  log: (line: string) => void;
}

const HOUR_MS = 3_600_000;

/** Fills in the defaults: those of Alfresco's `repository.properties`, where it has the setting. */
export function resolveOptions(options: SandboxOptions): Settings {
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    users: options.users ?? SAMPLE_USERS,
    nodes: options.nodes ?? [],
    bytesPerSecond: options.bytesPerSecond,
    largeFileBytes: options.largeFileBytes ?? 220_000_000,
    maxContentSize: options.maxContentSize ?? 2_152_852_358,
    estimateDelayMs: options.estimateDelayMs ?? 50,
    estimateMsPerFile: options.estimateMsPerFile ?? 2,
    bufferedBytesPerSecond: options.bufferedBytesPerSecond ?? 500_000_000,
    cleaner: {
      startDelayMs: options.cleaner?.startDelayMs ?? HOUR_MS,
      repeatIntervalMs: options.cleaner?.repeatIntervalMs ?? HOUR_MS,
      maxAgeMs: options.cleaner?.maxAgeMs ?? HOUR_MS,
    },
    ticketValidMs: options.ticketValidMs ?? TICKET_VALID_MS,
    protectionMs: options.protectionMs ?? 6_000,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 20_000,
    tls: options.tls,
    external: options.external,
    identityService: options.identityService,
    createMissingPeople: options.createMissingPeople ?? true,
    log: options.log ?? (() => {}),
  };
}
