import { API_DEFAULT, ApiError, invalidArgument, javaFailure } from './api-error.ts';
import { isDownloadStatus } from '../downloads/download-status.ts';
import type { PropertyValue, RepositoryNode } from '../repository/node-model.ts';
import type { Repository } from '../repository/repository.ts';
import {
  anyMember,
  readEntity,
  stringMember,
  type EntityClass,
  type JsonValue,
} from './request-entity.ts';

/** The members of Alfresco's Node class; all are accepted, `name` and `properties` take effect. */
const NODE_CLASS: EntityClass = {
  javaName: 'org.alfresco.rest.api.model.Node',
  members: {
    modifiedBy: stringMember,
    association: anyMember,
    targets: anyMember,
    archivedByUser: anyMember,
    isFile: anyMember,
    guid: anyMember,
    createdByUser: anyMember,
    name: stringMember,
    aspectNames: anyMember,
    relativePath: stringMember,
    secondaryChildren: anyMember,
    isLocked: anyMember,
    title: stringMember,
    id: anyMember,
    modifiedAt: anyMember,
    createdBy: stringMember,
    path: anyMember,
    isFavorite: anyMember,
    versionComment: stringMember,
    search: anyMember,
    modifiedByUser: anyMember,
    allowableOperations: anyMember,
    properties: anyMember,
    archivedAt: anyMember,
    isFolder: anyMember,
    content: anyMember,
    createdAt: anyMember,
    versionLabel: stringMember,
    nodeId: anyMember,
    isLink: anyMember,
    definition: anyMember,
    nodeType: stringMember,
    parentId: anyMember,
    created: anyMember,
    location: anyMember,
    description: stringMember,
    permissions: anyMember,
  },
};

type Kind = 'string' | 'number' | 'boolean';

interface PropertyDefinition {
  kind: Kind;
  /** Added implicitly when the property is set (DbNodeServiceImpl.getMissingAspects). */
  aspect?: string;
}

/** The part of the data dictionary that PUT knows. */
const DICTIONARY: Readonly<Record<string, PropertyDefinition>> = {
  'cm:title': { kind: 'string', aspect: 'cm:titled' },
  'cm:description': { kind: 'string', aspect: 'cm:titled' },
  'cm:author': { kind: 'string', aspect: 'cm:author' },
  'cm:owner': { kind: 'string', aspect: 'cm:ownable' },
  'cm:isIndexed': { kind: 'boolean', aspect: 'cm:indexControl' },
  'cm:isContentIndexed': { kind: 'boolean', aspect: 'cm:indexControl' },
  'download:status': { kind: 'string' },
  'download:done': { kind: 'number' },
  'download:total': { kind: 'number' },
  'download:filesAdded': { kind: 'number' },
  'download:totalFiles': { kind: 'number' },
  'download:cancelled': { kind: 'boolean' },
  'download:recursive': { kind: 'boolean' },
  'download:sequenceNumber': { kind: 'number' },
};

const AUDIT_PROPERTIES = /^cm:(?:created|creator|modified|modifier|accessed)$/;
const PREFIXES: ReadonlySet<string> = new Set(['cm', 'sys', 'download', 'app', 'usr', 'rn']);
/** Characters that the model forbids in cm:name, except double quotes, which the samples need. */
const BAD_NAME = /[*\\><?/:|]|\.$|\s$/;

interface NodeUpdate {
  name?: string;
  /** `null` removes the property. */
  properties: Map<string, PropertyValue | null>;
}

/** Applies a PUT body to a node, completely or not at all. @throws ApiError 400, 422 */
export function updateNode(repository: Repository, node: RepositoryNode, body: string): void {
  const update = readUpdate(repository, body);
  if (update.name !== undefined) node.name = update.name;
  for (const [name, value] of update.properties) {
    if (value === null) {
      node.properties.delete(name);
      continue;
    }
    node.properties.set(name, value);
    const aspect = DICTIONARY[name]?.aspect;
    if (aspect !== undefined) node.aspects.add(aspect);
  }
}

function readUpdate(repository: Repository, body: string): NodeUpdate {
  const entity = readEntity(body, NODE_CLASS, { arrayIsUnsupported: false }) ?? {};
  const update: NodeUpdate = { properties: new Map() };
  if (typeof entity.name === 'string') {
    if (BAD_NAME.test(entity.name))
      throw new ApiError(422, API_DEFAULT, { summary: `Invalid name: ${entity.name}` });
    update.name = entity.name;
  }
  const properties = entity.properties as JsonValue | undefined;
  if (properties === undefined || properties === null) return update;
  if (typeof properties !== 'object' || Array.isArray(properties))
    throw invalidArgument('properties is not a map');
  for (const [name, value] of Object.entries(properties)) {
    update.properties.set(name, readProperty(repository, name, value));
  }
  return update;
}

function readProperty(
  repository: Repository,
  name: string,
  value: JsonValue,
): PropertyValue | null {
  const [prefix = ''] = name.split(':');
  if (!PREFIXES.has(prefix)) {
    throw invalidArgument(
      `${name} isn't a valid QName. Namespace prefix ${prefix} is not mapped to a namespace URI`,
    );
  }
  if (prefix === 'sys')
    throw javaFailure(`NameSpace cannot be used by API: ${name}`, { status: 400 });
  if (AUDIT_PROPERTIES.test(name))
    throw javaFailure(`Cannot be used by API: ${name}`, { status: 400 });
  const definition = Object.hasOwn(DICTIONARY, name) ? DICTIONARY[name] : undefined;
  if (definition === undefined) throw invalidArgument(`Unknown property: ${name}`);
  if (value === null) return null;
  const converted = convert(value, definition.kind);
  if (converted === undefined) throw invalidArgument(`Invalid value of property ${name}`);
  if (name === 'cm:owner' && repository.user(String(converted)) === undefined) {
    throw invalidArgument(`Unknown person: ${String(converted)}`);
  }
  if (name === 'download:status' && !isDownloadStatus(converted)) {
    throw new ApiError(422, API_DEFAULT, { summary: `Invalid property value: ${name}` });
  }
  return converted;
}

function convert(value: JsonValue, kind: Kind): PropertyValue | undefined {
  if (typeof value === 'object') return undefined;
  if (kind === 'string') return String(value);
  if (kind === 'boolean') return value === true || value === 'true';
  const number = typeof value === 'boolean' ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
