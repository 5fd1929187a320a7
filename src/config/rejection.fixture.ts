import { ConfigurationError } from './app-config.js';
import { loadConfig } from './config-loader.js';

/** A bcrypt hash, of no password in particular. */
export const HASH = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

/** A minimal configuration. */
export const LEAST = {
  ALFRESCO_URL: 'https://acs.example.com/alfresco',
  ALFRESCO_USERNAME: 'svc-downloads',
  ALFRESCO_PASSWORD: 'open sesame',
  USERS: `alice:${HASH}`,
};

/** The error for these variables; fails the test if there is none. */
export function refusal(variables: Record<string, string | undefined>): ConfigurationError {
  try {
    loadConfig(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was not refused');
}

/** The problems of these variables, each of which is one line of the message. */
export function problemsOf(variables: Record<string, string | undefined>): readonly string[] {
  return refusal(variables).problems;
}
