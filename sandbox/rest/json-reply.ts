import { randomUUID } from 'node:crypto';
import type { ApiError } from './api-error.ts';
import type { LogCounter } from './log-counter.ts';
import type { Parameters } from './parameters.ts';
import { NO_CACHE_HEADERS, type Header, type Reply } from './reply.ts';

const JSON_TYPE: Header = ['Content-Type', 'application/json;charset=UTF-8'];
const JSON_HEADERS: readonly Header[] = [...NO_CACHE_HEADERS, JSON_TYPE];
const NOTICE =
  'For security reasons the stack trace is no longer displayed, but the property is kept for previous versions';

export type Entry = Readonly<Record<string, unknown>>;

/** The position of a page in its collection. */
export interface Pagination {
  count: number;
  hasMoreItems: boolean;
  totalItems?: number;
  skipCount: number;
  maxItems: number;
}

/** `{"entry":{…}}`, with the members that `fields` asks for. */
export function entryReply(status: number, entry: Entry, parameters: Parameters): Reply {
  return jsonReply(status, { entry: selectFields(entry, parameters) });
}

/** `{"list":{"pagination":{…},"entries":[…]}}`, with the members that `fields` asks for. */
export function listReply(
  entries: readonly Entry[],
  pagination: Pagination,
  parameters: Parameters,
): Reply {
  const selected = entries.map((entry) => ({ entry: selectFields(entry, parameters) }));
  return jsonReply(200, { list: { pagination, entries: selected } });
}

/** A success without a body. It keeps the JSON headers. */
export function emptyReply(status: 202 | 204): Reply {
  const length: Header[] = status === 202 ? [['Content-Length', '0']] : [];
  return { status, headers: [...JSON_HEADERS, ...length] };
}

/** Alfresco's error envelope. */
export function errorReply(error: ApiError, counter: LogCounter): Reply {
  const briefSummary = summaryOf(error, counter);
  const envelope = {
    ...(error.errorKey === undefined ? {} : { errorKey: error.errorKey }),
    statusCode: error.status,
    ...(briefSummary === undefined ? {} : { briefSummary }),
    stackTrace: NOTICE,
    descriptionURL: 'https://api-explorer.alfresco.com',
    logId: randomUUID(),
  };
  const cacheHeaders = error.cacheHeaders ? NO_CACHE_HEADERS : [];
  return {
    status: error.status,
    headers: [...error.headers, ...cacheHeaders, JSON_TYPE],
    body: Buffer.from(JSON.stringify({ error: envelope })),
  };
}

/** Any JSON with the headers of a success. */
export function jsonReply(status: number, value: unknown): Reply {
  return { status, headers: [...JSON_HEADERS], body: Buffer.from(JSON.stringify(value)) };
}

function summaryOf(error: ApiError, counter: LogCounter): string | undefined {
  if (error.summary === null) return undefined;
  return error.numbered ? `${counter.next()} ${error.summary}` : error.summary;
}

/**
 * Applies `fields` and `include` as BeanPropertiesFilter does: unknown names are ignored and `id` gets no special
 * treatment. Null and blank members are always dropped.
 */
function selectFields(entry: Entry, parameters: Parameters): Entry {
  const fields = parameters.first('fields') ?? parameters.first('properties');
  const members = Object.entries(entry).filter(([, value]) => !isBlank(value));
  if (fields === undefined) return Object.fromEntries(members);
  const included = names(parameters.first('include') ?? '').map((name) => name.split('/')[0]);
  const allowed = new Set([...names(fields), ...included]);
  return Object.fromEntries(members.filter(([name]) => allowed.has(name)));
}

function names(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}

function isBlank(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === 'string' && value.trim() === '')
  );
}
