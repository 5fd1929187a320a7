import type { NodeContent } from './node-content.ts';

export type NodeType =
  | 'cm:content'
  | 'cm:folder'
  | 'cm:systemfolder'
  | 'cm:category'
  | 'cm:person'
  | 'sys:container'
  | 'download:download';

export type PropertyValue = string | number | boolean;

/** A node of `workspace://SpacesStore`. */
export interface RepositoryNode {
  readonly id: string;
  name?: string;
  readonly type: NodeType;
  /** The primary parent; only the top folder and system containers have none. */
  readonly parentId?: string;
  readonly createdAt: Date;
  readonly creator: string;
  modifiedAt: Date;
  modifier: string;
  /** Users who may read it besides the owner and administrators; undefined: everyone. */
  readonly readers?: readonly string[];
  content?: NodeContent;
  /** The content is in cold storage and cannot be read. */
  readonly archived?: boolean;
  /** Primary and secondary children, in the order in which they were added. */
  readonly children: string[];
  /** Without audit properties and cm:name, which have their own fields. */
  readonly properties: Map<string, PropertyValue>;
  readonly aspects: Set<string>;
}

const FOLDER_TYPES: ReadonlySet<NodeType> = new Set([
  'cm:folder',
  'cm:systemfolder',
  'cm:category',
]);
const CONTENT_TYPES: ReadonlySet<NodeType> = new Set(['cm:content', 'download:download']);

/** Whether the node becomes a directory of a ZIP. */
export function isFolder(node: RepositoryNode): boolean {
  return FOLDER_TYPES.has(node.type);
}

/** Whether the node is a cm:content or a subtype of it. */
export function isFile(node: RepositoryNode): boolean {
  return CONTENT_TYPES.has(node.type);
}

/** Whether the node may be the target of `download:requestedNodes`, which the model limits to cm:cmobject. */
export function isCmObject(node: RepositoryNode): boolean {
  return isFolder(node) || isFile(node);
}
