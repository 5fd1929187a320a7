import 'reflect-metadata';
import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { AppModule } from './app.module.js';

const app = await create();
app.setGlobalPrefix('api');
// For the application's own routes; the module has its own pipes.
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
SwaggerModule.setup('docs', app, () =>
  SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Archive')
      .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'key')
      .addSecurityRequirements('key')
      .build(),
  ),
);
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log(`The archive listens on ${await app.getUrl()}/api (docs: ${await app.getUrl()}/docs)`);

async function create(): Promise<INestApplication> {
  if (process.argv.includes('--express')) return NestFactory.create(AppModule);
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return NestFactory.create(AppModule, new FastifyAdapter());
}
