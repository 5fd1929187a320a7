import type { SandboxUser } from '../options.ts';
import type { RepositoryNode } from './node-model.ts';
import { SAMPLE_NODES } from '../sample-nodes.ts';

/** A node to add; fields that are not given have defaults. */
export type NewNode = Pick<RepositoryNode, 'id' | 'type'> & Partial<RepositoryNode>;

/** The nodes of one Alfresco and their permissions. */
export class Repository {
  readonly #nodes = new Map<string, RepositoryNode>();
  readonly #users: ReadonlyMap<string, SandboxUser>;
  readonly #onRemove: (node: RepositoryNode) => void;

  /**
   * @param onRemove called for each removed node, so that its content can be deleted
   */
  constructor(users: readonly SandboxUser[], onRemove: (node: RepositoryNode) => void = () => {}) {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#onRemove = onRemove;
  }

  get(id: string): RepositoryNode | undefined {
    return this.#nodes.get(id);
  }

  user(id: string): SandboxUser | undefined {
    return this.#users.get(id);
  }

  /** The folder that the alias `-my-` stands for; that of the first administrator is company home. */
  homeId(userId: string): string {
    return userId === 'admin' ? SAMPLE_NODES.root : `home-${userId}`;
  }

  add(node: NewNode): RepositoryNode {
    const createdAt = node.createdAt ?? new Date();
    const creator = node.creator ?? 'admin';
    const added: RepositoryNode = {
      createdAt,
      creator,
      modifiedAt: createdAt,
      modifier: creator,
      children: [],
      properties: new Map(),
      aspects: new Set(['cm:auditable']),
      ...node,
    };
    this.#nodes.set(added.id, added);
    if (added.parentId !== undefined) this.link(added.parentId, added.id);
    return added;
  }

  /** Makes a node a child of another one: a secondary child, if it already has a parent. */
  link(parentId: string, childId: string): void {
    this.#nodes.get(parentId)?.children.push(childId);
  }

  /** Removes a node and its primary children. Secondary children only lose this parent. */
  remove(node: RepositoryNode): void {
    for (const child of this.children(node)) {
      if (child.parentId === node.id) this.remove(child);
    }
    this.#nodes.delete(node.id);
    if (node.parentId !== undefined) this.#unlink(node.parentId, node.id);
    this.#onRemove(node);
  }

  children(node: RepositoryNode): RepositoryNode[] {
    return node.children.flatMap((id) => this.#nodes.get(id) ?? []);
  }

  /** cm:owner if it is set, else cm:creator, as OwnableServiceImpl has it. */
  owner(node: RepositoryNode): string {
    const owner = node.properties.get('cm:owner');
    return typeof owner === 'string' ? owner : node.creator;
  }

  isOwnerOrAdmin(userId: string, node: RepositoryNode): boolean {
    return this.#users.get(userId)?.admin === true || this.owner(node) === userId;
  }

  canRead(userId: string, node: RepositoryNode): boolean {
    return (
      node.readers === undefined ||
      node.readers.includes(userId) ||
      this.isOwnerOrAdmin(userId, node)
    );
  }

  canWrite(userId: string, node: RepositoryNode): boolean {
    return this.isOwnerOrAdmin(userId, node);
  }

  /** Updates the modifier and the modification time, from which ETag, Last-Modified and the cleaner derive. */
  touch(node: RepositoryNode, userId: string): void {
    node.modifiedAt = new Date();
    node.modifier = userId;
  }

  #unlink(parentId: string, childId: string): void {
    const children = this.#nodes.get(parentId)?.children;
    const index = children?.indexOf(childId) ?? -1;
    if (index >= 0) children?.splice(index, 1);
  }
}
