import { applyDecorators } from '@nestjs/common';
import { ApiHideProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Allow, Equals, IsBoolean, IsInt, Max, Min } from 'class-validator';
import { EXAMPLES } from '../../openapi/examples.js';
import { type Fields, parseFields } from './entry.js';

const MAX_SKIP_COUNT = 1_000_000;

/** Each entry costs a call to Alfresco. */
const MAX_MAX_ITEMS = 100;

/** Routes that respond with a download. */
export class DownloadQuery {
  @IsFields(EXAMPLES.fields)
  readonly fields?: Fields;
}

/** GET /nodes/{id}. */
export class NodeQuery {
  @IsFields('id,name,content')
  readonly fields?: Fields;
}

/** POST /downloads. */
export class CreateQuery extends DownloadQuery {
  /** Of earlier versions, whose callers would not get what they ask for. */
  @ApiHideProperty()
  @Equals(undefined, {
    message: 'is no longer accepted: POST /downloads/content gives the ZIP in one call',
  })
  readonly deliver?: undefined;
}

/** GET /downloads. */
export class ListQuery {
  /** Downloads to leave out before the page. */
  @IsWholeNumber(0, MAX_SKIP_COUNT)
  readonly skipCount: number = 0;

  /** Downloads on the page, at most. */
  @IsWholeNumber(1, MAX_MAX_ITEMS)
  readonly maxItems: number = MAX_MAX_ITEMS;

  @IsFields(EXAMPLES.fields)
  readonly fields?: Fields;
}

/** DELETE /downloads/{id}. */
export class CancelQuery {
  /** Remove the download, too, once the job has stopped. If that takes longer than ALFRESCO_TIMEOUT_MS, the response does not wait for it. */
  @ApiPropertyOptional()
  @Transform(({ value }) => toBoolean(value))
  @IsBoolean({ message: 'must be true or false' })
  readonly purge: boolean = false;
}

/** GET and HEAD of the ZIP. */
export class ContentQuery {
  /** With `false`, there is no `Content-Disposition`, as from Alfresco. A browser saves the ZIP all the same, under a name of its own. */
  @ApiPropertyOptional()
  // Python writes `True` and `False`.
  @Transform(({ value }) => toBoolean(typeof value === 'string' ? value.toLowerCase() : value))
  @IsBoolean({ message: 'must be true or false' })
  readonly attachment: boolean = true;
}

function IsFields(example: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'string',
      example,
      description:
        'Comma-separated names of the members wanted in `entry`; unknown names are ignored. The parameter may be repeated.',
    }),
    Transform(({ value }) => parseFields(value)),
    Allow(),
  );
}

function IsWholeNumber(minimum: number, maximum: number): PropertyDecorator {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum, maximum }),
    Transform(({ value }) =>
      typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value,
    ),
    IsInt({ message }),
    Min(minimum, { message }),
    Max(maximum, { message }),
  );
}

/** Anything else stays as it is, for the rule to refuse. */
function toBoolean(value: unknown): unknown {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}
