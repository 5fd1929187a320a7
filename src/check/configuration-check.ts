import { type AppConfig, ConfigurationError } from '../config/app-config.js';
import { loadConfig, loadEnvFile } from '../config/config-loader.js';
import { nearMisses } from '../config/near-misses.js';
import type { Findings } from './findings.js';

/** The cost of bcrypt that OWASP's Password Storage Cheat Sheet asks for; `htpasswd -B` alone writes 5. */
const LEAST_COST = 10;

const SUBJECT = 'configuration';

/** Reads the configuration as the service does. @returns nothing when the service would not start with it */
export function checkConfiguration(findings: Findings): AppConfig | undefined {
  try {
    loadEnvFile();
    const config = loadConfig(process.env);
    findings.ok(SUBJECT, summary(config));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const problem of error.problems) {
      findings.fail(SUBJECT, problem, 'correct it; .env.example describes each variable');
    }
    return undefined;
  } finally {
    warnOfNames(findings);
  }
}

/** Reports what is allowed, but seldom meant. */
export function checkChoices({ auth, links }: AppConfig, findings: Findings): void {
  if (auth.schemes.length === 0) {
    const advice = 'set AUTH=basic, bearer or session, unless something in front of it logs in';
    findings.warn('callers', 'AUTH=none: everyone who reaches the service may use it', advice);
  } else {
    findings.ok('callers', `AUTH=${auth.schemes.join(',')}`);
  }
  const weak = [...auth.users.values()].filter((hash) => costOf(hash) < LEAST_COST);
  if (weak.length > 0) {
    const lowest = Math.min(...weak.map(costOf));
    findings.warn(
      'callers: passwords',
      `${weak.length} of ${auth.users.size} hashes have a cost below ${LEAST_COST}, the lowest ${lowest}`,
      'write them again with htpasswd -B -C 12',
    );
  } else if (auth.users.size > 0) {
    findings.ok('callers: passwords', `cost ${LEAST_COST} or more for all ${auth.users.size}`);
  }
  if (links.isEphemeral) {
    const seen = 'LINK_SECRET is not set: they end when the process does';
    findings.warn('signed links', seen, 'set LINK_SECRET, or LINK_SECRET_FILE');
  }
}

function warnOfNames(findings: Findings): void {
  for (const { given, meant } of nearMisses(process.env)) {
    const advice = `rename it to ${meant}, if that is meant`;
    findings.warn(SUBJECT, `${given} is not a variable of this service`, advice);
  }
}

function summary({ alfresco: { url, auth, onBehalfOf } }: AppConfig): string {
  const how =
    onBehalfOf === 'off' ? `ALFRESCO_AUTH=${auth}` : `ALFRESCO_ON_BEHALF_OF=${onBehalfOf}`;
  return `${url}, ${how}`;
}

/** Of `$2b$12$…`. */
function costOf(hash: string): number {
  return Number(hash.split('$')[2]);
}
