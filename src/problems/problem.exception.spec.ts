import { Controller, Get, HttpException, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProblemException } from './problem.exception.js';

@Controller()
class EmbeddingController {
  @Get('failing')
  fail(): never {
    throw new ProblemException('ALFRESCO_ERROR', {
      detail: 'Alfresco could not copy the node.',
      diagnosis: 'Alfresco status 507',
      headers: { 'retry-after': '1' },
    });
  }

  @Get('invalid')
  refuse(): never {
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter: 'maxItems', detail: 'is too large' }],
      extensions: { limit: 100 },
    });
  }
}

@Module({ controllers: [EmbeddingController] })
class EmbeddingModule {}

describe('a problem in a controller of an embedding application', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    app = await NestFactory.create<NestFastifyApplication>(EmbeddingModule, new FastifyAdapter(), {
      logger: false,
    });
    await app.init();
  });
  afterAll(() => app.close());

  it('gets its status and its text from the default filter, without the diagnosis', async () => {
    const response = await app.inject('/failing');
    expect(response.statusCode).toBe(502);
    expect(response.json()).toEqual({
      title: 'Alfresco failed',
      status: 502,
      detail: 'Alfresco could not copy the node.',
      code: 'ALFRESCO_ERROR',
    });
  });

  it('names each invalid value, and has the members that an occurrence adds', async () => {
    const response = await app.inject('/invalid');
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter: 'maxItems', detail: 'is too large' }],
      limit: 100,
    });
  });
});

describe('a problem', () => {
  it("is one of Nest's exceptions with a name of its own", () => {
    const problem = new ProblemException('FORBIDDEN', { detail: 'Not yours.' });
    expect(problem).toBeInstanceOf(HttpException);
    expect(problem).toMatchObject({ name: 'ProblemException', message: 'Not yours.' });
    expect(problem.getStatus()).toBe(403);
  });

  it('stays as it is when the body of its response is changed', () => {
    const problem = new ProblemException('VALIDATION_FAILED', {
      errors: [{ pointer: '', detail: 'must be a JSON object' }],
    });
    (problem.getResponse() as { errors: unknown[] }).errors.length = 0;
    expect(problem.errors).toHaveLength(1);
  });
});
