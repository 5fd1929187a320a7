import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { type DownloadNode, DOWNLOAD_NODE_TYPE } from '../../alfresco/download.js';
import type { Caller } from '../../auth/caller.js';
import { ZIP_TYPE, archiveName } from '../content/archive-name.js';
import { type Fields, alfrescoDate, onlyFields } from './entry.js';

/** Alfresco's UserInfo. */
@ApiSchema({ name: 'UserInfo' })
export class UserInfoDto {
  /**
   * Name of the caller.
   * @example 'demo'
   */
  id: string;

  /**
   * The same.
   * @example 'demo'
   */
  displayName: string;
}

/** Alfresco's ContentInfo. */
@ApiSchema({ name: 'ContentInfo' })
export class ContentInfoDto {
  /** Type of the ZIP, as it is served. */
  @ApiProperty({ example: ZIP_TYPE })
  mimeType: string;

  /** Bytes of the ZIP. */
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0 })
  sizeInBytes: number;
}

/** A download as Alfresco's node. With `fields`, only the members that were asked for. */
@ApiSchema({ name: 'Node' })
export class NodeDto {
  /** Id of the download node. */
  @ApiPropertyOptional()
  id?: string;

  /** Name under which the ZIP is saved. */
  @ApiPropertyOptional()
  name?: string;

  @ApiPropertyOptional({ enum: [DOWNLOAD_NODE_TYPE] })
  nodeType?: string;

  /** Always true. */
  isFile?: boolean;

  /** Always false. */
  isFolder?: boolean;

  /** When it was made, as Alfresco writes dates. */
  createdAt?: string;

  /** When it last changed. */
  modifiedAt?: string;

  /** The caller, not the account of the service. */
  createdByUser?: UserInfoDto;

  /** The caller. */
  modifiedByUser?: UserInfoDto;

  /** Only once it is DONE. */
  content?: ContentInfoDto;
}

/** Alfresco's envelope of a single entity. */
export class NodeEntry {
  entry: NodeDto;
}

/** @param caller who owns the download */
export function toNodeEntry(
  { id, name, createdAt, modifiedAt, size }: DownloadNode,
  caller: Caller,
  fields?: Fields,
): NodeEntry {
  const user = { id: caller.name, displayName: caller.name };
  const all: NodeDto = {
    id,
    name: archiveName(name),
    nodeType: DOWNLOAD_NODE_TYPE,
    isFile: true,
    isFolder: false,
    createdAt: alfrescoDate(createdAt),
    modifiedAt: alfrescoDate(modifiedAt),
    createdByUser: user,
    modifiedByUser: user,
    ...(size !== undefined && { content: { mimeType: ZIP_TYPE, sizeInBytes: size } }),
  };
  return { entry: onlyFields(all, fields) };
}
