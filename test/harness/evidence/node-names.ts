import { resolveOptions } from '../../../sandbox/options.ts';
import type { RepositoryNode } from '../../../sandbox/repository/node-model.ts';
import { sampleRepository } from '../../../sandbox/repository/sample-repository.ts';
import { SAMPLE_NODES, SAMPLE_USERS } from '../../../sandbox/sample-nodes.ts';

/** Shorter names ("old", "Tags") may be part of other words. */
const MIN_LENGTH = 6;

/** Names of the sample nodes, except those that are also names of users. */
export function distinctiveNodeNames(): string[] {
  const repository = sampleRepository({ ...resolveOptions({}), onRemove: () => {} });
  const users: ReadonlySet<string> = new Set(SAMPLE_USERS.map(({ id }) => id));
  const below = (node: RepositoryNode): RepositoryNode[] =>
    repository.children(node).flatMap((child) => [child, ...below(child)]);
  const names = below(repository.get(SAMPLE_NODES.root)!).flatMap(({ name }) => name ?? []);
  return [...new Set(names)].filter((name) => name.length >= MIN_LENGTH && !users.has(name));
}
