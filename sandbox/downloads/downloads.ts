import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  API_DEFAULT,
  ApiError,
  invalidArgument,
  javaFailure,
  permissionDenied,
} from '../rest/api-error.ts';
import { hasArchivedContent } from './archived-content.ts';
import { DownloadJob } from './download-job.ts';
import { initialProperties } from './download-status.ts';
import { JobQueue } from './job-queue.ts';
import { isCmObject, type RepositoryNode } from '../repository/node-model.ts';
import { validateNode } from '../rest/node-id.ts';
import type { Repository } from '../repository/repository.ts';
import { SAMPLE_NODES } from '../sample-nodes.ts';

/** `default.async.action.corePoolSize`: how many jobs run at a time in one JVM. */
const CONCURRENT_JOBS = 8;

/** The settings of all jobs. */
export interface DownloadsSettings {
  maxContentSize: number;
  estimateDelayMs: number;
  estimateMsPerFile: number;
  bytesPerSecond: () => number | undefined;
  /** Directory for the ZIPs. */
  directory: string;
}

/** Creates, cancels and cleans up download nodes, as DownloadsImpl and DownloadServiceImpl do. */
export class Downloads {
  readonly #repository: Repository;
  readonly #settings: DownloadsSettings;
  readonly #queue = new JobQueue(CONCURRENT_JOBS);

  constructor(repository: Repository, settings: DownloadsSettings) {
    this.#repository = repository;
    this.#settings = settings;
  }

  /**
   * Creates a download node and queues its job.
   *
   * @param id of the new node; Alfresco always takes a random one
   * @throws ApiError in Alfresco's order of checks
   */
  create(
    userId: string,
    requestedIds: readonly (string | null)[] | null,
    id: string = randomUUID(),
  ): RepositoryNode {
    if (this.#repository.get(id) !== undefined) throw new Error(`Node ${id} exists already`);
    const nodes = this.#checkRequest(userId, requestedIds);
    const [first] = nodes;
    const name = nodes.length > 1 ? 'archive.zip' : `${first?.name ?? null}.zip`;
    const download = this.#repository.add({
      id,
      name,
      type: 'download:download',
      parentId: SAMPLE_NODES.downloadsContainer,
      creator: userId,
      readers: [],
      properties: initialProperties(),
      aspects: new Set(['cm:indexControl', 'cm:auditable']),
    });
    const job = new DownloadJob(
      download,
      nodes.map((node) => node.id),
      {
        ...this.#settings,
        repository: this.#repository,
        archivePath: this.#archivePath(id),
      },
    );
    this.#queue.add((signal) => job.run(signal));
    return download;
  }

  /** The download node of that id, if the user may see it. @throws ApiError 404, 400, 403 */
  get(userId: string, id: string): RepositoryNode {
    const node = validateNode(this.#repository, id);
    // The type is checked before the permission: getType is not secured.
    if (node.type !== 'download:download')
      throw invalidArgument('Please specify the nodeId of a download node.');
    if (!this.#repository.canRead(userId, node)) throw permissionDenied();
    return node;
  }

  /** Sets the cancellation flag, in any state. */
  cancel(userId: string, id: string): void {
    const download = this.get(userId, id);
    if (!this.#repository.canWrite(userId, download)) throw permissionDenied();
    download.properties.set('download:cancelled', true);
    this.#repository.touch(download, userId);
  }

  all(): RepositoryNode[] {
    const container = this.#repository.get(SAMPLE_NODES.downloadsContainer);
    return container === undefined ? [] : this.#repository.children(container);
  }

  /** Deletes the downloads that have not changed since the given time, running ones included. */
  deleteUnchangedSince(moment: Date): void {
    for (const download of this.all()) {
      if (download.modifiedAt < moment) this.#repository.remove(download);
    }
  }

  /** Deletes the ZIP of a download node that was removed. */
  async discardArchive(id: string): Promise<void> {
    await rm(this.#archivePath(id), { force: true });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  #archivePath(id: string): string {
    return join(this.#settings.directory, `${id}.zip`);
  }

  #checkRequest(userId: string, requestedIds: readonly (string | null)[] | null): RepositoryNode[] {
    if (requestedIds === null) {
      throw javaFailure(
        'Cannot invoke "java.util.List.size()" because the return value of "org.alfresco.rest.api.model.Download.getNodeIds()" is null',
      );
    }
    if (requestedIds.length === 0)
      throw invalidArgument('Cannot create an archive with 0 entries.');
    if (new Set(requestedIds).size < requestedIds.length) {
      throw invalidArgument('Cannot specify the same nodeId twice');
    }
    const nodes = requestedIds.map((id) => validateNode(this.#repository, id));
    if (nodes.some((node) => !this.#repository.canRead(userId, node))) throw permissionDenied();
    if (hasArchivedContent(this.#repository, userId, nodes)) {
      throw new ApiError(412, 'framework.exception.ArchivedContent', {
        summary: "One or more nodes' content is archived and not accessible.",
      });
    }
    // `x` and `x;1.0` pass the check for duplicates but are the same node, for which a second association fails.
    if (new Set(nodes).size < nodes.length) throw javaFailure(null);
    const intruder = nodes.find((node) => !isCmObject(node));
    if (intruder !== undefined) throw integrityViolation(intruder);
    return nodes;
  }
}

/** `sys:container` with its namespace written out. */
function qualifiedName(type: string): string {
  const [prefix = '', name = ''] = type.split(':');
  const models: Record<string, string> = { cm: 'content', sys: 'system' };
  return `{http://www.alfresco.org/model/${models[prefix] ?? prefix}/1.0}${name}`;
}

function integrityViolation(intruder: RepositoryNode): ApiError {
  return new ApiError(422, API_DEFAULT, {
    summary: [
      'Found 1 integrity violations:',
      'The association target type is incorrect: ',
      `   Target Node: workspace://SpacesStore/${intruder.id}`,
      '   Association: Association[ class=ClassDef[name={http://www.alfresco.org/model/download/1.0}download], name={http://www.alfresco.org/model/download/1.0}requestedNodes, target class={http://www.alfresco.org/model/content/1.0}cmobject, source role=null, target role=null]',
      '   Required Target Type: {http://www.alfresco.org/model/content/1.0}cmobject',
      `   Actual Target Type: ${qualifiedName(intruder.type)}`,
    ].join('\n'),
  });
}
