import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsInt, Length, Min, ValidateIf } from 'class-validator';
import { LINK_EXAMPLE } from '../../openapi/examples.js';
import { alfrescoDate } from './entry.js';

const LONGEST_FILE_NAME = 255;

/** Unlike `IsOptional`, takes no null. */
const MayBeAbsent = () => ValidateIf((_body, value) => value !== undefined);

/** Options of a link: Alfresco's DirectAccessUrlRequest, with the `validFor` of its first releases. */
@ApiSchema({ name: 'DirectAccessUrlBodyCreate' })
export class DirectAccessUrlBodyDto {
  /**
   * Seconds until the link ends; at most, and unless given, LINK_TTL (300).
   * @example 60
   */
  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @Min(1, { message: 'must be a whole number of seconds of at least 1' })
  @IsInt({ message: 'must be a whole number of seconds of at least 1' })
  @MayBeAbsent()
  validFor?: number;

  /**
   * Name under which the ZIP is saved, instead of the one that Alfresco gave it. `.zip` is added if it is missing, and what could lead out of a folder is replaced.
   * @example 'Projects 2026.zip'
   */
  @ApiPropertyOptional({ minLength: 1, maxLength: LONGEST_FILE_NAME })
  @Length(1, LONGEST_FILE_NAME, {
    message: `must be a text of 1 to ${LONGEST_FILE_NAME} characters`,
  })
  @MayBeAbsent()
  fileName?: string;

  /** With false, the content comes without `Content-Disposition`, and so without a name. */
  @ApiPropertyOptional({ default: true })
  @IsBoolean({ message: 'must be true or false' })
  @MayBeAbsent()
  attachment?: boolean;
}

/** Alfresco's DirectAccessUrl: an address that needs no credentials. */
@ApiSchema({ name: 'DirectAccessUrl' })
export class DirectAccessUrlDto {
  /** Address of the content, good for a plain `<a href>`, until it expires. */
  @ApiProperty({ format: 'uri', example: LINK_EXAMPLE.entry.contentUrl })
  contentUrl: string;

  /** Whether a browser saves it rather than shows it. */
  @ApiProperty({ example: true })
  attachment: boolean;

  /** When it ends. */
  @ApiProperty({ example: LINK_EXAMPLE.entry.expiryTime })
  expiryTime: string;
}

/** Alfresco's envelope of a single entity. */
export class DirectAccessUrlEntry {
  entry: DirectAccessUrlDto;
}

/** @param expiresAt milliseconds of the epoch */
export function toDirectAccessUrlEntry(
  contentUrl: string,
  attachment: boolean,
  expiresAt: number,
): DirectAccessUrlEntry {
  return { entry: { contentUrl, attachment, expiryTime: alfrescoDate(expiresAt) } };
}
