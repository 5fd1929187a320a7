import { writeFileSync } from 'node:fs';
import { createApp } from './app.factory.js';
import { loadConfig } from './config/config-loader.js';
import { createOpenApiDocument } from './openapi/openapi-document.js';

// Writes `openapi.json` to the current folder. Nothing is contacted, so any configuration will do.
const app = await createApp(
  loadConfig({
    ALFRESCO_URL: 'http://127.0.0.1:8080/alfresco',
    ALFRESCO_USERNAME: 'openapi',
    ALFRESCO_PASSWORD: 'openapi',
    AUTH: 'none',
    STORE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'warn',
  }),
);
await app.init();
writeFileSync('openapi.json', `${JSON.stringify(createOpenApiDocument(app), null, 2)}\n`);
await app.close();
