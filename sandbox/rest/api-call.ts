import type { Parameters } from './parameters.ts';
import type { Reply } from './reply.ts';

/** A request that has found its operation and whose caller is known. */
export interface ApiCall {
  /** Empty for operations that need no authentication. */
  userId: string;
  /** The last path segment that stands for an id, decoded. */
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
  /** Verbs that anyone may use, without a look at the credentials. */
  anonymous?: readonly Verb[];
}

/**
 * Resources by path template, `*` standing for an id, below an API's version.
 *
 * @example { 'downloads/*': { operations: { GET: readDownload } } }
 */
export type ResourceMap = Readonly<Record<string, Resource>>;
