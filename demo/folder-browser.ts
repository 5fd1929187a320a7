import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FolderItem, FolderListing } from './page/folder.ts';

const LOG_IN = 'Log in to see the folders';
/** The most items in a listing; the page says so if there are more. */
const MAX_ITEMS = 1000;
const TIMEOUT_MS = 10_000;
/** Ids that are safe in a path: no slash, and not only dots. */
const NODE_ID = /^(?!\.+$)[\w.:-]{1,36}$/;

interface AlfrescoList {
  readonly list: {
    readonly pagination: { readonly hasMoreItems: boolean };
    readonly entries: readonly {
      readonly entry: {
        readonly id: string;
        readonly name: string;
        readonly isFolder: boolean;
        readonly content?: { readonly sizeInBytes: number };
      };
    }[];
  };
}

/**
 * The `Authorization` with which Alfresco is asked for what the caller of a request may see; `undefined` when nobody has
 * logged in. Rejects with an error of the service otherwise.
 */
export type FolderReader = (request: FastifyRequest) => Promise<string | undefined>;

type FolderRequest = FastifyRequest<{ Params: { id: string } }>;

/**
 * Handles `GET /demo/folders/{id}`: lists a folder for the page to choose from. It stands in for the API of the web
 * application that downloads are integrated into; the service itself cannot browse.
 */
export function folderBrowser(alfrescoUrl: string, reader: FolderReader) {
  const children = (id: string) =>
    `${alfrescoUrl}/api/-default-/public/alfresco/versions/1/nodes/${id}/children`;
  return async (request: FolderRequest, reply: FastifyReply): Promise<FolderListing | object> => {
    void reply.header('cache-control', 'no-store');
    let authorization: string | undefined;
    try {
      authorization = await reader(request);
    } catch (error) {
      return serviceProblem(reply, error);
    }
    if (authorization === undefined) return problemReply(reply, 401, LOG_IN);
    const { id } = request.params;
    if (!NODE_ID.test(id)) return problemReply(reply, 404, 'There is no such folder');
    try {
      const response = await fetch(`${children(id)}?maxItems=${MAX_ITEMS}`, {
        headers: { authorization },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status === 404) return problemReply(reply, 404, 'There is no such folder');
      if (response.status === 403) return problemReply(reply, 403, 'You may not see this folder');
      return toListing((await response.json()) as AlfrescoList);
    } catch {
      return problemReply(reply, 502, 'The folder cannot be read now');
    }
  };
}

/** Folders that Alfresco makes for itself: after those in which people look for documents. */
const TECHNICAL: readonly string[] = [
  'Data Dictionary',
  'Default Application',
  'Guest Home',
  'Imap Attachments',
  'Rendering Actions Space',
  'User Homes',
];

function isTechnical({ name, isFolder }: FolderItem): boolean {
  return isFolder && TECHNICAL.includes(name);
}

/** @throws TypeError if the body is something else, such as an error */
function toListing({ list }: AlfrescoList): FolderListing {
  return {
    items: list.entries
      .map(({ entry }) => toItem(entry))
      .toSorted((one, other) => Number(isTechnical(one)) - Number(isTechnical(other))),
    hasMoreItems: list.pagination.hasMoreItems,
  };
}

function toItem({
  id,
  name,
  isFolder,
  content,
}: AlfrescoList['list']['entries'][number]['entry']): FolderItem {
  return { id, name, isFolder, ...(content && { size: content.sizeInBytes }) };
}

/** Responds with an error of the service, such as that the session has ended or that the provider is away. */
function serviceProblem(reply: FastifyReply, error: unknown): object {
  const { code, title } = error as { readonly code?: string; readonly title?: string };
  const isKnown = error instanceof HttpException && title !== undefined;
  if (!isKnown) throw error;
  const status = error.getStatus();
  if (status === 401) return problemReply(reply, status, LOG_IN);
  return { ...problemReply(reply, status, title), code };
}

/** Responds with an error in the service's own format, so that the page needs to understand only one. */
function problemReply(reply: FastifyReply, status: number, title: string): object {
  void reply.code(status).type('application/problem+json');
  return { status, title };
}
