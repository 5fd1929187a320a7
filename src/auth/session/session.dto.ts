import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** Who is logged in with this browser. */
@ApiSchema({ name: 'Session' })
export class SessionDto {
  @ApiProperty({ description: 'The name as the provider tells it.' })
  name: string;

  @ApiProperty({
    description: 'The caller as downloads know them: the same for tokens of the same person.',
  })
  id: string;

  @ApiProperty({ format: 'date-time', description: 'When the session ends unless it is used.' })
  expiresAt: string;

  @ApiProperty({ format: 'date-time', description: 'When it ends however much it is used.' })
  endsAt: string;
}

@ApiSchema({ name: 'Logout' })
export class LogoutDto {
  @ApiProperty({
    format: 'uri',
    description:
      'Where the browser is to go to log out at the provider, too; absent when there was no session, or the provider has no such place.',
  })
  logoutUrl?: string;
}
