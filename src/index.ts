/**
 * The downloads API as a module for other Nest applications, on Fastify or Express.
 *
 * @packageDocumentation
 */
export { DownloadsModule } from './downloads/downloads.module.js';
export type { AlfrescoOptions, DownloadsModuleOptions } from './downloads/downloads-options.js';
export type { DownloadsModuleAsyncOptions } from './downloads/downloads-options.module.js';
export type { AlfrescoConfig, OAuth2Config, TlsConfig } from './config/app-config.js';

// Callers.
export type { Caller } from './auth/caller.js';
export { hasSignedLink } from './auth/signed-link.js';

// Providers that the application can inject.
export { CreationService } from './downloads/creation.service.js';
export {
  type DownloadList,
  DownloadsService,
  type LinkOptions,
  type WaitOptions,
  // As these were called at first.
  type LinkOptions as LinkWishes,
  type WaitOptions as Patience,
} from './downloads/downloads.service.js';
export type { Download, DownloadNode, DownloadStatus } from './alfresco/download.js';

// For a store of the application's own.
export {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
  OwnerConflictError,
} from './downloads/registry/download-registry.js';

// Errors.
export { type FieldError, ProblemException } from './problems/problem.exception.js';
export type { ProblemCode } from './problems/problem-catalogue.js';
export { ConfigurationError } from './config/app-config.js';
