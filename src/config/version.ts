import { createRequire } from 'node:module';

// By its own name, from wherever this module has been put.
const manifest = createRequire(import.meta.url)('alfresco-downloads-bff/package.json') as {
  version: string;
};

/** Version of this service, from `package.json`. */
export const VERSION = manifest.version;
