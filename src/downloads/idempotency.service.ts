import { hash } from 'node:crypto';
import { type ExecutionContext, Inject, Injectable, createParamDecorator } from '@nestjs/common';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { RETRY_AFTER } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';
import { type Claim, type ClaimResult, DownloadRegistry } from './registry/download-registry.js';

/** Work that is to be done once for each caller and key. */
export interface IdempotentWork {
  /** `Caller.id`. */
  readonly owner: string;
  readonly key: string;
  readonly nodeIds: readonly string[];
  /** Does it, under the claim, and returns the id of the download. */
  readonly carryOut: (claim: Claim) => Promise<string>;
  /** Whether the download of an earlier, completed request turned out not to exist. */
  readonly isVoid: (downloadId: string) => Promise<boolean>;
}

/** Carries out a request once, however often the caller repeats it, and whichever processes receive it. */
@Injectable()
export class IdempotencyService {
  constructor(
    private readonly registry: DownloadRegistry,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'idempotency'>,
  ) {}

  /**
   * The id of the download that this or an earlier request with the key has made.
   * @throws ProblemException IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, and those of `carryOut`
   */
  async once(work: IdempotentWork): Promise<string> {
    const result = await this.claim(work);
    if (result.state === 'completed') return result.downloadId;
    if (result.state === 'reused') throw new ProblemException('IDEMPOTENCY_KEY_REUSED');
    if (result.state === 'running') throw keyInUse();
    try {
      return await work.carryOut(result.claim);
    } catch (error) {
      // If the store does not respond now, the claim expires by itself.
      await this.registry.release(result.claim).catch(() => {});
      throw error;
    }
  }

  private async claim({ owner, key, nodeIds, isVoid }: IdempotentWork): Promise<ClaimResult> {
    const fingerprint = hash('sha256', JSON.stringify(nodeIds), 'base64url');
    const request = { owner, key, fingerprint };
    // The claim of a process that has died expires by itself.
    const { leaseMs } = this.pacing.idempotency;
    const result = await this.registry.claim(request, leaseMs);
    if (result.state !== 'completed' || !(await isVoid(result.downloadId))) return result;
    return this.registry.claim(request, leaseMs, result.downloadId);
  }
}

/** Another request holds the key. */
export function keyInUse(): ProblemException {
  return new ProblemException('IDEMPOTENCY_KEY_IN_USE', { headers: RETRY_AFTER });
}

/**
 * A structured-field string (RFC 9651), as the draft wants it, or the bare text that many clients send. The double quote is
 * written as \x22, since generators put the pattern into string literals of other languages.
 */
const KEY =
  /^(?:\x22((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x22\\]){1,255})\x22|([\x21\x23-\x7e][\x21-\x7e]{0,254}))$/;

/** The same for the OpenAPI document. */
export const IDEMPOTENCY_KEY_PATTERN = KEY.source;

/**
 * The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header), if there is one, as a parameter of a handler.
 */
export const IdempotencyKey = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<HttpRequest>();
  return parseIdempotencyKey(headers['idempotency-key']?.toString());
});

/** @throws ProblemException VALIDATION_FAILED */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = KEY.exec(header) ?? [];
  const key = quoted?.replace(/\\(.)/g, '$1') ?? bare;
  if (key !== undefined) return key;
  const detail = 'must be 1 to 255 visible ASCII characters, in double quotes or bare';
  throw new ProblemException('VALIDATION_FAILED', {
    errors: [{ parameter: 'Idempotency-Key', detail }],
  });
}
