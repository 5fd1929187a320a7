import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { DOCS_STYLE } from './docs.style.js';
import { createOpenApiDocument } from './openapi.document.js';

/** Serves Swagger UI at `/docs` and the document as `/docs/openapi.json` and `/docs/openapi.yaml`. */
export function setUpDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    useGlobalPrefix: true,
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Alfresco downloads API',
    customCss: DOCS_STYLE,
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      // Their names: who needs one opens it.
      defaultModelsExpandDepth: 0,
    },
  });
}
