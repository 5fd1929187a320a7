import { ApiProperty } from '@nestjs/swagger';

/** Alfresco's DirectAccessUrl: an address that needs no credentials. */
export class DirectAccessUrlDto {
  @ApiProperty({
    description: 'Address of the content, good for a plain `<a href>`, until it expires.',
    example:
      'http://127.0.0.1:3000/downloads/5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f/content?link=WzE.c2ln',
  })
  contentUrl: string;

  @ApiProperty({ description: 'Whether a browser saves it rather than shows it.', example: true })
  attachment: boolean;

  @ApiProperty({ description: 'When it ends.', example: '2026-11-24T01:05:11.000+0000' })
  expiryTime: string;
}

/** Alfresco's envelope of a single entity. */
export class DirectAccessUrlEntry {
  @ApiProperty({ type: DirectAccessUrlDto })
  entry: DirectAccessUrlDto;
}

/** @param expiresAt milliseconds of the epoch; Alfresco writes the offset without a colon */
export function toDirectAccessUrlEntry(
  contentUrl: string,
  expiresAt: number,
): DirectAccessUrlEntry {
  const expiryTime = new Date(expiresAt).toISOString().replace('Z', '+0000');
  return { entry: { contentUrl, attachment: true, expiryTime } };
}
