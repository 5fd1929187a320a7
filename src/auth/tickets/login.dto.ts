import { Matches } from 'class-validator';

/** Whom a ticket is for. What cannot be sent as `Authorization: Basic` (RFC 7617) cannot be sent here either. */
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
