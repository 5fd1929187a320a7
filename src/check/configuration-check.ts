import { type AppConfig, ConfigurationError } from '../config/app-config.js';
import { loadConfig, loadEnvFile } from '../config/config-loader.js';
import { configurationWarnings } from '../config/config-report.js';
import { misspeltVariables } from '../config/misspelt-variables.js';
import type { Findings } from './findings.js';

const SUBJECT = 'configuration';

/** Reads the configuration as the service does. @returns nothing when the service would not start with it */
export function checkConfiguration(findings: Findings): AppConfig | undefined {
  try {
    loadEnvFile();
    const config = loadConfig(process.env);
    findings.ok(SUBJECT, summary(config));
    for (const warning of configurationWarnings(config, process.env)) {
      findings.warn(SUBJECT, warning, 'correct it unless that is meant; see docs/configuration.md');
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const problem of error.problems) {
      findings.fail(SUBJECT, problem, 'correct it; .env.example describes each variable');
    }
    // Perhaps the reason why another one is missing.
    for (const { name, meant } of misspeltVariables(Object.keys(process.env))) {
      findings.warn(SUBJECT, `${name} is not a variable of this service`, `rename it to ${meant}`);
    }
    return undefined;
  }
}

function summary({ alfresco: { url, auth, onBehalfOf }, auth: { schemes } }: AppConfig): string {
  const how =
    onBehalfOf === 'off' ? `ALFRESCO_AUTH=${auth}` : `ALFRESCO_ON_BEHALF_OF=${onBehalfOf}`;
  return `Alfresco ${url}, ${how}, AUTH=${schemes.join(',') || 'none'}`;
}
