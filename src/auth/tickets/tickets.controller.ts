import { Matches } from 'class-validator';
import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { clientAddress } from '../../http/http-request.js';
import { BodyValidationPipe } from '../../problems/body-validation.pipe.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { CurrentCaller, Public } from '../auth.decorators.js';
import type { Caller } from '../caller.js';
import type { TicketRequest } from './ticket-authenticator.js';
import { TicketsService } from './tickets.service.js';

/** A login. Accepts no more than `Authorization: Basic` can carry (RFC 7617). */
export class LoginDto {
  @Matches(/^[^:\p{Cc}\p{Cs}]+$/u, {
    message: 'must be a name: a text without colons and control characters, not empty',
  })
  userId: string;

  @Matches(/^[^\p{Cc}\p{Cs}]+$/u, {
    message: 'must be a password: a text without control characters, not empty',
  })
  password: string;
}

const ME = '-me-';

/** As in Alfresco's authentication API. */
interface TicketEntry {
  readonly entry: { readonly id: string; readonly userId?: string };
}

/**
 * The login of Alfresco's authentication API, for users of this service. Only where `API_PREFIX` is Alfresco's.
 *
 * Not in the OpenAPI document, which describes the downloads API: these routes are Alfresco's own, described by Alfresco, for
 * clients that know them already.
 */
@ApiExcludeController()
@Controller('tickets')
export class TicketsController {
  constructor(private readonly tickets: TicketsService) {}

  @Post()
  @Public()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  async logIn(
    @Body(new BodyValidationPipe(LoginDto)) { userId, password }: Readonly<LoginDto>,
    @Req() request: TicketRequest,
  ): Promise<TicketEntry> {
    const id = await this.tickets.logIn(userId, password, clientAddress(request));
    if (id === undefined) throw new ProblemException('FORBIDDEN', { detail: 'Login failed' });
    return { entry: { id, userId } };
  }

  @Get(':ticket')
  @Header('cache-control', 'no-store')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('ticket') name: string,
    @Req() request: TicketRequest,
  ): Promise<TicketEntry> {
    // ADF with OAuth asks for one with its token, since an address cannot have a header.
    const isToken = request.ticket === undefined && caller.expiresAt !== undefined;
    if (isToken && name === ME) return { entry: { id: await this.tickets.exchange(caller) } };
    return { entry: { id: ownTicket(name, request, caller) } };
  }

  @Delete(':ticket')
  @HttpCode(204)
  logOut(
    @CurrentCaller() caller: Caller,
    @Param('ticket') name: string,
    @Req() request: TicketRequest,
  ): Promise<void> {
    return this.tickets.logOut(ownTicket(name, request, caller));
  }
}

/** The ticket of this request. @throws ProblemException VALIDATION_FAILED */
function ownTicket(name: string, { ticket }: TicketRequest, { session }: Caller): string {
  if (name !== ME) throw refused('ticket', 'must be -me-, for the ticket of the caller');
  if (ticket !== undefined) return ticket;
  // A page that has logged in by a session is to hold nothing that a script could send elsewhere.
  if (session) throw refused('Cookie', 'is of a session, which has no ticket and needs none');
  throw refused('Authorization', 'must have a ticket');
}

function refused(parameter: string, detail: string): ProblemException {
  return new ProblemException('VALIDATION_FAILED', { errors: [{ parameter, detail }] });
}
