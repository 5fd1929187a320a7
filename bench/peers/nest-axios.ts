/** A controller that passes on what `HttpService` gets: Nest on Express and stock axios, as in Nest's documentation. */
import 'reflect-metadata';
import type { Readable } from 'node:stream';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Controller, Get, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request, Response } from 'express';
import { firstValueFrom } from 'rxjs';

const [, , upstream = ''] = process.argv;

class ProxyController {
  readonly http: HttpService;

  constructor(http: HttpService) {
    this.http = http;
  }

  async pass({ url }: Request, response: Response): Promise<void> {
    const isContent = url.endsWith('/content');
    const answer = await firstValueFrom(
      this.http.get<Readable | object>(upstream + url, {
        responseType: isContent ? 'stream' : 'json',
      }),
    );
    response.status(answer.status);
    if (!isContent) {
      response.json(answer.data);
      return;
    }
    response.set('content-length', String(answer.headers['content-length']));
    (answer.data as Readable).pipe(response);
  }
}

// What `@Get('*path') pass(@Req() …, @Res() …)` would write; Node runs this file as it is, and it knows no decorators.
const { prototype } = ProxyController;
const descriptor = Object.getOwnPropertyDescriptor(prototype, 'pass')!;
Get('*path')(prototype, 'pass', descriptor);
Req()(prototype, 'pass', 0);
Res()(prototype, 'pass', 1);
Reflect.defineMetadata('design:paramtypes', [HttpService], ProxyController);
Controller()(ProxyController);

// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is one
class ProxyModule {}
Module({ imports: [HttpModule], controllers: [ProxyController] })(ProxyModule);

const app = await NestFactory.create(ProxyModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
