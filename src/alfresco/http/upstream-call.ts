import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';

/**
 * A class of calls: `read` gets a download or its node, `write` makes, cancels or removes a download, `content` opens a
 * ZIP, `resume` continues one, `login` obtains credentials, `probe` asks whether Alfresco is ready.
 */
export type Operation = 'read' | 'write' | 'content' | 'resume' | 'login' | 'probe';

/** In whose name Alfresco is called. */
export interface OnBehalfOf {
  /** By which this service knows them. */
  readonly id: string;
  /** By which Alfresco knows them. */
  readonly name: string;
  /** Present when it is not they who call, but someone who follows a link of theirs. */
  readonly link?: unknown;
}

/** When a request is sent again: after any failure that may pass, only if it was certainly not sent, or never. */
export type RetryRule = 'if-failed' | 'if-unsent' | 'never';

/** The part of an AbortSignal that a call needs. */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * A request to Alfresco. One object goes down through all layers of a call, and down again for each retry; a layer may add
 * to its headers.
 */
export interface UpstreamRequest {
  readonly operation: Operation;
  readonly retry: RetryRule;
  readonly method: string;
  /** From the root of the host on, with the query. */
  readonly path: string;
  /** From the root of the API on, with `{id}` for the id: metrics and spans name the call by it. */
  readonly template: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Whether `data` of a 2xx response is the body as a Readable, which then has to be read or destroyed; text otherwise. */
  readonly isStream?: boolean;
  /** Bytes of a streamed body that does not say how long it is. */
  readonly bodyLength?: number;
  /** Rejects with what the attempt fails with when its response is not what was asked for. */
  readonly verify?: (response: UpstreamResponse<Readable>) => Promise<void>;
  /** The caller; of interest only where Alfresco is to decide by that what is allowed. */
  readonly onBehalfOf?: OnBehalfOf;
  /** Aborted when the client that waits for the call has disconnected. */
  readonly disconnected?: AbortSignal;
  /** Milliseconds for the whole call; the limit of its operation when absent. */
  readonly limitMs?: number;
  /** Aborted when the call has to end. Set by the deadline. */
  signal?: CallSignal;
  /** When the call has to end, by the monotonic clock. Set by the deadline. */
  endsAt?: number;
}

/** A response, whatever its status. */
export interface UpstreamResponse<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: T;
}

/** Sends a request. Every status resolves; rejects when no whole response came. */
export type Send = <T>(request: UpstreamRequest) => Promise<UpstreamResponse<T>>;

/** Part of what happens to every call, around the parts below it. */
export type Layer = (next: Send) => Send;

/** `closed`: requests are made; `open`: none is made; `half-open`: the next one finds out, or one is just about to. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Emits what happens to calls besides their responses, at the moment and in the asynchronous context of the call. Nothing
 * in it is a secret.
 */
@Injectable()
export class UpstreamEvents extends EventEmitter<{
  /** A request is sent again. `cause` is the code of a failure, or `status 503`. */
  retry: [{ readonly operation: Operation; readonly cause: string }];
  /** A call is rejected without asking Alfresco: its breaker is open, or too many ZIPs are being sent. */
  rejection: [{ readonly operation: Operation; readonly reason: 'breaker' | 'places' }];
  breaker: [{ readonly operation: Operation; readonly state: BreakerState }];
  /** A ZIP whose connection broke continues, or cannot. `cause` is the code of the failure. */
  resume: [{ readonly outcome: 'resumed' | 'failed'; readonly cause: string }];
}> {}
