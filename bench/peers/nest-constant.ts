/** The least that a read costs in Nest on Fastify: a controller with a constant response. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

class ConstantController {
  get(): object {
    return { entry: { status: 'IN_PROGRESS' } };
  }
}

// The effect of decorators: Node.js runs this file directly and does not support them.
const { prototype } = ConstantController;
Get('*')(prototype, 'get', Object.getOwnPropertyDescriptor(prototype, 'get')!);
Controller()(ConstantController);

// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is one
class ConstantModule {}
Module({ controllers: [ConstantController] })(ConstantModule);

const app = await NestFactory.create(ConstantModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
