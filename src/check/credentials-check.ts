import { randomUUID } from 'node:crypto';
import { isObject, toAlfrescoResponse } from '../alfresco/responses.js';
import { isProblem } from '../problems/problem.exception.js';
import type { AlfrescoAccess } from './alfresco-access.js';
import { type Findings, measured, reasonOf } from './findings.js';

const SUBJECT = 'alfresco: credentials';
const ME = '/api/-default-/public/alfresco/versions/1/people/-me-';

/**
 * Whether Alfresco lets the service in, and as whom. One attempt only: accounts are locked after a few failures.
 * @returns whether calls can be made
 */
export async function checkCredentials(
  access: AlfrescoAccess,
  user: string | undefined,
  findings: Findings,
): Promise<boolean> {
  const { onBehalfOf } = access.config;
  if (onBehalfOf === 'token' || onBehalfOf === 'token-exchange') {
    await checkTokens(access, findings);
    return false;
  }
  if (onBehalfOf === 'remote-user' && user === undefined) {
    // Not with an invented name: Alfresco may create the person.
    const advice = 'run it with --user and the name of someone whom Alfresco knows';
    findings.skip(SUBJECT, 'remote-user passes on the name of the caller', advice);
    return false;
  }
  try {
    return await checkLogin(access, findings);
  } catch (error) {
    findings.fail(SUBJECT, reasonOf(error), adviceFor(error));
    return false;
  }
}

async function checkLogin(access: AlfrescoAccess, findings: Findings): Promise<boolean> {
  const { auth, onBehalfOf, username, oauth2 } = access.config;
  const { result, durationMs: first } = await measured(() => access.get(pathOf(access)));
  const { status, body } = toAlfrescoResponse(result);
  if (status === 401) {
    const advice =
      onBehalfOf === 'remote-user'
        ? 'external.authentication.proxyUserName must name the certificate, and --user a person of Alfresco'
        : oauth2
          ? 'Alfresco must trust the provider of the tokens (identity-service)'
          : 'check ALFRESCO_USERNAME and ALFRESCO_PASSWORD';
    findings.fail(SUBJECT, 'Alfresco refuses them (401)', advice);
    return false;
  }
  const entry = isObject(body) && isObject(body.entry) ? body.entry : undefined;
  if (status !== 200 || typeof entry?.id !== 'string') {
    findings.fail(SUBJECT, `status ${status} to people/-me-`, 'check Alfresco');
    return false;
  }
  const expected = onBehalfOf === 'remote-user' ? access.caller.name : username;
  if (expected !== '' && entry.id.toLowerCase() !== expected.toLowerCase()) {
    const advice = 'Alfresco would act as someone else: check its authentication chain';
    findings.fail(SUBJECT, `Alfresco takes ${expected} for ${entry.id}`, advice);
    return false;
  }
  findings.ok(SUBJECT, `Alfresco knows the caller as ${entry.id}`, first);
  const capabilities = isObject(entry.capabilities) ? entry.capabilities : {};
  if (onBehalfOf === 'off' && capabilities.isAdmin === true) {
    const advice = 'use an account that may read only what all callers may read';
    findings.warn('alfresco: account', 'an administrator, whose rights all callers have', advice);
  }
  if (onBehalfOf === 'off') await checkCost(access, auth, first, findings);
  return true;
}

/** What a login adds to a call. */
async function checkCost(
  access: AlfrescoAccess,
  auth: AlfrescoAccess['config']['auth'],
  first: number,
  findings: Findings,
): Promise<void> {
  const subject = 'alfresco: login';
  const { durationMs: second } = await measured(() => access.get(pathOf(access)));
  if (auth === 'basic') {
    const advice = 'ALFRESCO_AUTH=ticket logs in once';
    findings.warn(subject, 'each request is a login', advice, second);
  } else {
    const seen = `${Math.round(first)} ms for a call with a login, ${Math.round(second)} ms without`;
    findings.ok(subject, seen);
  }
}

/** Tokens of callers: nobody has logged in, but who refuses a token that nobody has issued can be seen. */
async function checkTokens(access: AlfrescoAccess, findings: Findings): Promise<void> {
  const { onBehalfOf } = access.config;
  const what =
    onBehalfOf === 'token' ? 'Alfresco' : 'the token endpoint, which knows this service,';
  try {
    await access.client.getDownload(randomUUID(), access.caller);
    findings.fail(SUBJECT, 'a token that nobody has issued is accepted', 'check the provider');
  } catch (error) {
    if (isProblem(error, 'UNAUTHENTICATED')) {
      findings.ok(SUBJECT, `${what} refuses a token that nobody has issued`);
    } else if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) {
      findings.fail(SUBJECT, 'Alfresco accepts a token that nobody has issued', 'check Alfresco');
    } else {
      findings.fail(SUBJECT, reasonOf(error), adviceFor(error));
    }
  }
  const advice = 'log in, ask for a download, and see whether Alfresco names you as its creator';
  findings.skip('alfresco: caller', 'needs the token of a caller', advice);
}

function adviceFor(error: unknown): string {
  if (!isProblem(error, 'ALFRESCO_CREDENTIALS_REJECTED')) return 'check Alfresco and the way there';
  return error.diagnosis?.startsWith('token endpoint')
    ? 'check ALFRESCO_OAUTH2_CLIENT_ID, its secret, and what the provider allows this client'
    : 'check ALFRESCO_USERNAME and ALFRESCO_PASSWORD';
}

function pathOf({ config: { tenant } }: AlfrescoAccess): string {
  return ME.replace('-default-', tenant);
}
