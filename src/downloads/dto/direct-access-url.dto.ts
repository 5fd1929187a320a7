import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { LINK_EXAMPLE } from '../../docs/examples.js';

/** Alfresco's DirectAccessUrl: an address that needs no credentials. */
@ApiSchema({ name: 'DirectAccessUrl' })
export class DirectAccessUrlDto {
  @ApiProperty({
    description: 'Address of the content, good for a plain `<a href>`, until it expires.',
    format: 'uri',
    example: LINK_EXAMPLE.entry.contentUrl,
  })
  contentUrl: string;

  @ApiProperty({ description: 'Whether a browser saves it rather than shows it.', example: true })
  attachment: boolean;

  @ApiProperty({ description: 'When it ends.', example: LINK_EXAMPLE.entry.expiryTime })
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
