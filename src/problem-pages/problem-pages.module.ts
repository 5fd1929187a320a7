import { Module } from '@nestjs/common';
import { ProblemsController } from './problems.controller.js';

/** The pages that explain problems, under the path that the `ServerModule` provides. */
@Module({ controllers: [ProblemsController] })
export class ProblemPagesModule {}
