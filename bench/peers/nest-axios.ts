/** A controller that forwards with `HttpService`: Nest on Express and stock axios, as in Nest's documentation. */
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
    const forwarded = await firstValueFrom(
      this.http.get<Readable | object>(upstream + url, {
        responseType: isContent ? 'stream' : 'json',
      }),
    );
    response.status(forwarded.status);
    if (!isContent) {
      response.json(forwarded.data);
      return;
    }
    response.set('content-length', String(forwarded.headers['content-length']));
    (forwarded.data as Readable).pipe(response);
  }
}

// The effect of `@Get('*path') pass(@Req() …, @Res() …)`: Node.js runs this file directly and does not support decorators.
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
