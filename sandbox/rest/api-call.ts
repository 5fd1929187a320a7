import type { Parameters } from './parameters.ts';
import type { Reply } from './reply.ts';

/** An authenticated request for one operation. */
export interface ApiCall {
  /** Empty for operations that need no authentication. */
  userId: string;
  /** The path segment that is an id, decoded. */
  id: string;
  parameters: Parameters;
  body: string;
  /** A request header by its lower-case name. */
  header(name: string): string | undefined;
}

export type Operation = (call: ApiCall) => Reply | Promise<Reply>;

export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';

/** Operations of one resource. */
export interface Resource {
  operations: Partial<Record<Verb, Operation>>;
  /** Verbs that need no credentials, and ignore them. */
  anonymous?: readonly Verb[];
}

/**
 * Resources by path template, `*` standing for an id, below an API's version.
 *
 * @example { 'downloads/*': { operations: { GET: readDownload } } }
 */
export type ResourceMap = Readonly<Record<string, Resource>>;
