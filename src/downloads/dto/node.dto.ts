import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { type DownloadNode, DOWNLOAD_NODE_TYPE } from '../../alfresco/download.js';
import type { Caller } from '../../auth/caller.js';
import { ZIP_TYPE, archiveName } from '../content/archive-name.js';
import { type Fields, alfrescoDate, onlyFields } from './entry.js';

/** Alfresco's UserInfo. */
@ApiSchema({ name: 'UserInfo' })
export class UserInfoDto {
  @ApiProperty({ description: 'Name of the caller.', example: 'demo' })
  id: string;

  @ApiProperty({ description: 'The same.', example: 'demo' })
  displayName: string;
}

/** Alfresco's ContentInfo. */
@ApiSchema({ name: 'ContentInfo' })
export class ContentInfoDto {
  @ApiProperty({ description: 'Type of the ZIP, as it is served.', example: ZIP_TYPE })
  mimeType: string;

  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, description: 'Bytes of the ZIP.' })
  sizeInBytes: number;
}

/** A download as Alfresco's node. With `fields`, only the members that were asked for. */
@ApiSchema({ name: 'Node' })
export class NodeDto {
  @ApiProperty({ required: false, description: 'Id of the download node.' })
  id?: string;

  @ApiProperty({ required: false, description: 'Name under which the ZIP is saved.' })
  name?: string;

  @ApiProperty({ required: false, enum: [DOWNLOAD_NODE_TYPE] })
  nodeType?: string;

  @ApiProperty({ required: false, description: 'Always true.' })
  isFile?: boolean;

  @ApiProperty({ required: false, description: 'Always false.' })
  isFolder?: boolean;

  @ApiProperty({ required: false, description: 'When it was made, as Alfresco writes dates.' })
  createdAt?: string;

  @ApiProperty({ required: false, description: 'When it last changed.' })
  modifiedAt?: string;

  @ApiProperty({
    required: false,
    type: UserInfoDto,
    description: 'The caller, not the account of the service.',
  })
  createdByUser?: UserInfoDto;

  @ApiProperty({ required: false, type: UserInfoDto, description: 'The caller.' })
  modifiedByUser?: UserInfoDto;

  @ApiProperty({ required: false, type: ContentInfoDto, description: 'Only once it is DONE.' })
  content?: ContentInfoDto;
}

/** Alfresco's envelope of a single entity. */
export class NodeEntry {
  @ApiProperty({ type: NodeDto })
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
