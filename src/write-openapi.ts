import { writeFileSync } from 'node:fs';
import { createApp } from './app.factory.js';
import { loadConfig } from './config/config-loader.js';
import { createOpenApiDocument } from './openapi/openapi-document.js';

// Writes `openapi.json` to the current folder, with every route that the service can have. Nothing is contacted.
const app = await createApp(
  loadConfig({
    ALFRESCO_URL: 'http://127.0.0.1:8080/alfresco',
    ALFRESCO_USERNAME: 'openapi',
    ALFRESCO_PASSWORD: 'openapi',
    AUTH: 'basic,bearer,session',
    USERS: 'openapi:$2b$10$abcdefghijklmnopqrstuuW1S0nW0B7oVQxQZ0xqYk1vXo1kq3V6a',
    OIDC_ISSUER: 'https://id.example.com',
    OIDC_AUDIENCE: 'openapi',
    OIDC_CLIENT_ID: 'openapi',
    OIDC_CLIENT_SECRET: 'openapi',
    SESSION_SECRET: 'of a service that serves nobody at all',
    PUBLIC_URL: 'https://downloads.example.com',
    STORE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'warn',
  }),
);
await app.init();
writeFileSync('openapi.json', `${JSON.stringify(createOpenApiDocument(app), null, 2)}\n`);
await app.close();
