import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayNotEmpty, IsArray, ValidateBy } from 'class-validator';
import {
  NODE_ID_PATTERN,
  NODE_ID_RULE,
  isNodeId,
  normalizeNodeId,
} from '../../alfresco/alfresco-api.js';
import { MAX_ERRORS } from '../../problems/problem.exception.js';

/** The nodes for a ZIP. */
@ApiSchema({ name: 'DownloadBodyCreate' })
export class CreateDownloadDto {
  /** Ids of the files and folders to zip, each once. A folder brings everything below it. At most MAX_NODE_IDS (1000). */
  @ApiProperty({
    items: { type: 'string', pattern: NODE_ID_PATTERN, minLength: 1, maxLength: 36 },
    minItems: 1,
  })
  @Transform(({ value }) => normalizeItems(value))
  @NoOffendingItems('uniqueNodeIds', repeated, 'repeats an earlier id')
  @NoOffendingItems('nodeIds', malformed, `must be a node id: ${NODE_ID_RULE}`)
  @ArrayNotEmpty({ message: 'must hold at least one node id' })
  @IsArray({ message: 'must be an array of node ids' })
  nodeIds: string[];
}

/** Alfresco compares ids as text, so the same UUID in two cases would pass its duplicate check. */
function normalizeItems(value: unknown): unknown {
  return Array.isArray(value)
    ? value.map((item) => (typeof item === 'string' ? normalizeNodeId(item) : item))
    : value;
}

function malformed(items: readonly unknown[]): number[] {
  return indexesOf(items, (item) => typeof item !== 'string' || !isNodeId(item));
}

function repeated(items: readonly unknown[]): number[] {
  const seen = new Set<unknown>();
  return indexesOf(items, (item) => seen.size === seen.add(item).size);
}

/** No more than a problem names: a body of 64 kB can hold 32,000 mistakes, which took 70 ms to find and to describe. */
function indexesOf(items: readonly unknown[], matches: (item: unknown) => boolean): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < items.length && indexes.length < MAX_ERRORS; index += 1) {
    if (matches(items[index])) indexes.push(index);
  }
  return indexes;
}

/** Finds the positions of the items that are wrong. */
type OffendingItems = (items: readonly unknown[]) => number[];

/**
 * A rule about the items of an array that knows which of them break it, so that a problem document
 * can point to each; class-validator's own `each` does not tell.
 */
function NoOffendingItems(
  name: string,
  offending: OffendingItems,
  message: string,
): PropertyDecorator {
  return ValidateBy(
    {
      name,
      validator: { validate: (items) => !Array.isArray(items) || offending(items).length === 0 },
    },
    { message, context: { offending } },
  );
}
