import type { RecordedRequest } from './request-log.ts';
import { FaultFormatError, parseFault } from './fault-parser.ts';
import type { FaultQueue } from './fault.ts';
import type { Reply } from '../rest/reply.ts';

/** The state that the control API shows and changes. */
export interface Controlled {
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  readonly faults: FaultQueue;
  readonly state: () => {
    openConnections: number;
    activeResponses: number;
    ready: boolean;
    downloads: string[];
  };
  setBytesPerSecond(value: number | undefined): void;
  setReady(value: boolean): void;
  setReadOnly(value: boolean): void;
}

type Control = (controlled: Controlled, body: string) => unknown;

const CONTROLS: Readonly<Record<string, Control>> = {
  'GET /sandbox/requests': ({ requests }) => requests,
  'DELETE /sandbox/requests': (controlled) => controlled.clearRequests(),
  'POST /sandbox/faults': ({ faults }, body) => {
    const { fault, match } = parseFault(body);
    faults.add(fault, match);
  },
  'DELETE /sandbox/faults': ({ faults }) => faults.clear(),
  'GET /sandbox/state': ({ state }) => state(),
  'PUT /sandbox/throttle': (controlled, body) => {
    const value = readMember(body, 'bytesPerSecond');
    if (value !== null && !(typeof value === 'number' && value >= 0)) {
      throw new FaultFormatError('"bytesPerSecond" must be a number from 0, or null for unlimited');
    }
    controlled.setBytesPerSecond(value ?? undefined);
  },
  'PUT /sandbox/ready': (controlled, body) => controlled.setReady(readFlag(body, 'ready')),
  'PUT /sandbox/read-only': (controlled, body) =>
    controlled.setReadOnly(readFlag(body, 'readOnly')),
};

/** Whether a request is for the control API and not for Alfresco. */
export function isControlUrl(url: string): boolean {
  return /^\/sandbox(?:[/?]|$)/.test(url);
}

/** Offers over HTTP what the `Sandbox` object offers in its own process. */
export function control(controlled: Controlled, method: string, url: string, body: string): Reply {
  const [path] = url.split('?');
  const action = CONTROLS[`${method} ${path}`];
  if (action === undefined) {
    return jsonReply(404, { message: `Use one of: ${Object.keys(CONTROLS).join(', ')}` });
  }
  try {
    const result = action(controlled, body);
    return result === undefined ? { status: 204, headers: [] } : jsonReply(200, result);
  } catch (error) {
    if (error instanceof FaultFormatError) return jsonReply(400, { message: error.message });
    throw error;
  }
}

function readFlag(body: string, name: string): boolean {
  const value = readMember(body, name);
  if (typeof value !== 'boolean') throw new FaultFormatError(`"${name}" must be true or false`);
  return value;
}

function readMember(body: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return (value as Record<string, unknown> | null)?.[name];
  } catch {
    throw new FaultFormatError('the body must be JSON');
  }
}

function jsonReply(status: number, value: unknown): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
    ],
    body,
  };
}
