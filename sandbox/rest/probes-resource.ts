import type { ResourceMap } from './api-call.ts';
import { ApiError, invalidArgument } from './api-error.ts';
import { entryReply } from './json-reply.ts';

/** How long the readiness probe reuses a result. */
const VERDICT_LIFE_MS = 10_000;

/** The readiness probe, which runs its test at most every 10 seconds (ProbeEntityResource). */
export class Readiness {
  #ready = true;
  #testedAt = Number.NEGATIVE_INFINITY;

  get ready(): boolean {
    return this.#ready;
  }

  /** Discards the last result, so that the change shows at once. */
  set ready(value: boolean) {
    this.#ready = value;
    this.#testedAt = Number.NEGATIVE_INFINITY;
  }

  probe(): string {
    const verdict = `readyProbe: ${this.#ready ? 'Success' : 'Failure'}`;
    if (performance.now() - this.#testedAt < VERDICT_LIFE_MS) return `${verdict} - No test`;
    this.#testedAt = performance.now();
    return `${verdict} - Tested`;
  }
}

/** `/probes/-live-` and `/probes/-ready-`, which need no credentials. */
export function probesResource(readiness: Readiness): ResourceMap {
  return {
    'probes/*': {
      anonymous: ['GET'],
      operations: {
        GET({ id, parameters }) {
          const name = id.toLowerCase();
          if (name === '-live-')
            return entryReply(200, { message: 'liveProbe: Success - Tested' }, parameters);
          if (name !== '-ready-') throw invalidArgument('Bad probe name');
          const message = readiness.probe();
          if (!readiness.ready) throw new ApiError(503, message);
          return entryReply(200, { message }, parameters);
        },
      },
    },
  };
}
