import type { AppConfig } from './app-config.js';
import { Environment, FILE_VARIABLES } from './environment.js';
import { misspeltVariables } from './misspelt-variables.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** Below this cost of bcrypt, which is a power of two, a stolen hash is guessed too fast. `htpasswd -B` alone writes 5. */
const LEAST_COST = 10;

/** One line for the log of a start: what is in force, and which variables are set. Has no secret. */
export function describeConfiguration(config: AppConfig, variables: Variables): string {
  const { alfresco, auth, store, rateLimit, workers } = config;
  const account = alfresco.onBehalfOf === 'off' ? 'of the account' : 'of each caller';
  const users = auth.users.size > 0 ? ` (users: ${auth.users.size})` : '';
  return [
    `Configuration in force: Alfresco with the permissions ${account}`,
    `AUTH=${auth.schemes.join(',') || 'none'}${users}`,
    `store ${placeOf(store.url)}`,
    `rate limits ${rateLimit ? 'on' : 'off'}`,
    `processes: ${workers}`,
    `variables that are set: ${namesOf(variables).join(' ') || 'none'}`,
  ].join('; ');
}

/** What an operator probably did not mean, one sentence each. None of it prevents the start. */
export function configurationWarnings(config: AppConfig, variables: Variables): string[] {
  const { auth, links } = config;
  const { session, schemes, users } = auth;
  const warnings = misspeltVariables(Object.keys(variables)).map(
    ({ name, meant }) => `${name} is not a variable of this service: ${meant} is probably meant`,
  );
  if (schemes.length === 0) {
    warnings.push('AUTH=none: everyone who can reach the port may make and read ZIPs');
  }
  const weak = [...users].filter(([, hash]) => costOf(hash) < LEAST_COST).map(([name]) => name);
  if (weak.length > 0) {
    warnings.push(
      `Hashes of a cost below ${LEAST_COST} are guessed fast; make them again with htpasswd -B -C 12: ${weak.join(', ')}`,
    );
  }
  if (links.isEphemeral) {
    warnings.push('LINK_SECRET is not set: signed links end when this process does');
  }
  if (session !== undefined && !session.publicUrl.startsWith('https:')) {
    warnings.push(
      'PUBLIC_URL is not https: cookies have no __Host- prefix and are not Secure; for this machine only',
    );
  }
  return warnings;
}

function costOf(hash: string): number {
  return Number(hash.split('$')[2]);
}

/** An address without user, password and query. */
function placeOf(url: string): string {
  if (url.startsWith('sqlite:')) return url;
  if (!URL.canParse(url)) return 'Redis';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function namesOf(variables: Variables): string[] {
  const own = [...Object.keys(new Environment()), ...FILE_VARIABLES.map((name) => `${name}_FILE`)];
  return own.filter((name) => variables[name]?.trim());
}
