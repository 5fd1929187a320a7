import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { SERVICE_ACCOUNT } from '../harness/bff.js';

/** `authentication.protection.periodSeconds` of Alfresco. */
export const LOCK_MS = 6000;

/** `ALFRESCO_AUTH` methods that use name and password. */
export const LOGIN_METHODS = ['ticket', 'basic'] as const;

/** Guesses the service's password until Alfresco rejects even the right one. */
export async function lockAccount({ url }: Sandbox): Promise<void> {
  const guessing = DownloadsApi.ofAlfresco(url, { ...SERVICE_ACCOUNT, password: 'guessed' });
  for (let count = 0; count < 10; count += 1) {
    await (await guessing.create([SAMPLE_NODES.textFile])).arrayBuffer();
  }
  const direct = DownloadsApi.ofAlfresco(url);
  expect((await direct.create([SAMPLE_NODES.textFile])).status).toBe(401);
}

/** Number of failed logins of the service so far. */
export function attempts({ requests }: Sandbox): number {
  return requests.filter(({ status }) => status === 401 || status === 403).length;
}

/** Requests a ZIP. Returns the seconds of `Retry-After` (0 without the header), or `undefined` if the account is accepted. */
export async function retryAfter(api: DownloadsApi): Promise<number | undefined> {
  const response = await api.create([SAMPLE_NODES.textFile]);
  const body: unknown = await response.json();
  if (response.status === 202) return undefined;
  expect(body).toMatchObject({ status: 502, code: 'ALFRESCO_CREDENTIALS_REJECTED' });
  return Number(response.headers.get('retry-after'));
}
