import { apiPath } from '../alfresco/alfresco-api.js';
import type { UpstreamResponse } from '../alfresco/http/upstream-call.js';
import { errorOf, isObject, toAlfrescoResponse } from '../alfresco/responses.js';
import type { AppConfig } from '../config/app-config.js';
import { ProblemException } from '../problems/problem.exception.js';
import { AlfrescoAccess } from './alfresco-access.js';
import { checkTls } from './connection-check.js';
import { checkCredentials } from './credentials-check.js';
import { type Findings, measured, reasonOf } from './findings.js';
import { checkRoundTrip } from './round-trip-check.js';

/** Seconds. */
const CLOCK_TOLERANCE = 30;
/** The first version with the downloads API. */
const OLDEST = [5, 2, 1];
const PROBE = 'probes/-ready-';

/** What to do when no response arrives, by the code of the failure. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'this machine knows no such host: check the name in ALFRESCO_URL',
  EAI_AGAIN: 'the name in ALFRESCO_URL cannot be looked up now: check it, and the name server',
  ECONNREFUSED:
    'nothing listens there: check host and port of ALFRESCO_URL, and that Alfresco is running',
  UND_ERR_SOCKET:
    'what listens there speaks no http: check the port of ALFRESCO_URL, and whether it must begin with https',
};

/** What the check is asked for besides the configuration. */
export interface CheckOptions {
  /** A node to make a ZIP of. */
  readonly node?: string;
  /** In whose name Alfresco is asked, where names of callers are passed on to it. */
  readonly user?: string;
}

/** Everything about Alfresco, in the order in which one thing needs the other. */
export async function checkAlfresco(
  config: AppConfig,
  options: CheckOptions,
  findings: Findings,
  interrupted: AbortSignal,
): Promise<void> {
  if (!(await checkTls(config.alfresco, findings))) {
    findings.skip('alfresco', 'needs a connection');
    return;
  }
  const access = await AlfrescoAccess.open(config, options.user);
  try {
    if (!(await checkReadiness(access, findings))) {
      findings.skip('alfresco: credentials', 'needs an Alfresco that is ready');
      return;
    }
    const isLoggedIn = await checkCredentials(access, options.user, findings);
    if (!isLoggedIn) {
      findings.skip('alfresco: version', 'needs credentials');
      if (options.node !== undefined) findings.skip('round trip', 'needs credentials');
      return;
    }
    await checkVersion(access, findings);
    if (options.node !== undefined && !interrupted.aborted)
      await checkRoundTrip(access, options.node, findings, interrupted);
  } finally {
    await access.close();
  }
}

async function checkReadiness(access: AlfrescoAccess, findings: Findings): Promise<boolean> {
  const subject = 'alfresco: ready';
  const { config } = access;
  try {
    const asked = performance.now();
    const { result, durationMs } = await measured(() =>
      access.getAnonymously(`${apiPath(config, 'alfresco')}/${PROBE}`),
    );
    const response = toAlfrescoResponse(result);
    if (response.status === 200 && isObject(response.body)) {
      findings.ok(subject, config.url, durationMs);
      checkClock(result, performance.now() - asked, findings);
      return true;
    }
    if (errorOf(response)) {
      const advice =
        response.status === 503
          ? 'wait, and see its log'
          : new URL(config.url).pathname.includes('/api/')
            ? await otherAddress(access)
            : 'check ALFRESCO_TENANT';
      findings.fail(subject, `its probe responds ${response.status}`, advice);
    } else {
      findings.fail(subject, `not Alfresco: status ${result.status}`, await otherAddress(access));
    }
  } catch (error) {
    const code = error instanceof ProblemException ? (error.diagnosis ?? '') : '';
    const advice = UNREACHABLE[code] ?? 'check ALFRESCO_URL, and that Alfresco is running';
    findings.fail(subject, reasonOf(error), advice);
  }
  return false;
}

/** Most wrong addresses lack the name of the web application. */
async function otherAddress(access: AlfrescoAccess): Promise<string> {
  const { origin } = new URL(access.config.url);
  const url = `${origin}/alfresco`;
  const path = new URL(`${apiPath({ ...access.config, url }, 'alfresco')}/${PROBE}`, url).pathname;
  const other = await access.getAnonymously(path).catch(() => undefined);
  const isAlfresco = other !== undefined && isObject(toAlfrescoResponse(other).body);
  return isAlfresco
    ? `Alfresco is at ${url}: set ALFRESCO_URL to that`
    : 'ALFRESCO_URL must be the root of the web application, e.g. https://acs.example.com/alfresco';
}

/** @param tookMs from the request to the response, somewhere in between which Alfresco looked at its clock */
function checkClock(
  { headers }: UpstreamResponse<string>,
  tookMs: number,
  findings: Findings,
): void {
  const subject = 'alfresco: clock';
  const theirs = Date.parse(String(headers.date));
  if (Number.isNaN(theirs)) {
    findings.skip(subject, 'the response has no Date');
    return;
  }
  // `Date` has whole seconds.
  const seconds = Math.round((theirs + 500 - (Date.now() - tookMs / 2)) / 1000);
  const seen = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} that of this machine`;
  if (Math.abs(seconds) <= CLOCK_TOLERANCE) findings.ok(subject, 'the same as here');
  else
    findings.warn(
      subject,
      seen,
      'set both by NTP; tokens may count as expired, or as not valid yet',
    );
}

async function checkVersion(access: AlfrescoAccess, findings: Findings): Promise<void> {
  const subject = 'alfresco: version';
  try {
    const response = toAlfrescoResponse(await access.get('/api/discovery'));
    const repository = repositoryOf(response.body);
    if (!repository) {
      const seen = `its discovery API responds ${response.status}`;
      const advice =
        response.status === 501
          ? 'system.api.discovery.enabled=true in Alfresco shows it'
          : `use ${OLDEST.join('.')} or newer`;
      findings.skip(subject, seen, advice);
      return;
    }
    const { version, edition, isReadOnly: isFrozen } = repository;
    if (isOlder(version, OLDEST)) {
      const advice = `use ${OLDEST.join('.')} or newer, which has the downloads API`;
      findings.fail(subject, `${version} ${edition}`, advice);
    } else {
      findings.ok(subject, `${version} ${edition}`);
    }
    if (isFrozen) {
      const advice = 'make it writable (server.allowWrite, the licence)';
      findings.fail('alfresco: writable', 'it is read-only', advice);
    } else {
      findings.ok('alfresco: writable', 'it is not read-only');
    }
  } catch (error) {
    findings.fail(subject, reasonOf(error), 'check Alfresco');
  }
}

interface Repository {
  /** Such as `25.3.0`. */
  readonly version: string;
  /** `Community` or `Enterprise`. */
  readonly edition: string;
  readonly isReadOnly: boolean;
}

/** Of the response of the discovery API (RepositoryInfo). */
function repositoryOf(body: unknown): Repository | undefined {
  const entry = isObject(body) && isObject(body.entry) ? body.entry : {};
  const { repository } = entry;
  if (!isObject(repository) || !isObject(repository.version)) return undefined;
  const { major, minor, patch } = repository.version;
  const status = isObject(repository.status) ? repository.status : {};
  return {
    version: [major, minor, patch].map(String).join('.'),
    edition: String(repository.edition),
    isReadOnly: status.isReadOnly === true,
  };
}

function isOlder(version: string, than: readonly number[]): boolean {
  const numbers = version.split('.').map(Number);
  const at = than.findIndex((number, index) => numbers[index] !== number);
  return at >= 0 && numbers[at]! < than[at]!;
}
