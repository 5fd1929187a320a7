import type { Environment } from './environment.js';

/** What must go together when the service names other users to Alfresco. What does not is added to `problems`. */
export function checkImpersonation(environment: Environment, problems: string[]): void {
  const { ALFRESCO_URL, ALFRESCO_CLIENT_CERT_FILE: certificate } = environment;
  const isRemoteUser = environment.ALFRESCO_ON_BEHALF_OF === 'remote-user';
  if (/^http:/i.test(ALFRESCO_URL)) {
    // Over plain HTTP Alfresco would have to believe everyone who sends the header.
    if (isRemoteUser) {
      problems.push('ALFRESCO_ON_BEHALF_OF="remote-user": needs an https ALFRESCO_URL');
    } else if (certificate !== undefined) {
      problems.push('ALFRESCO_CLIENT_CERT_FILE: needs an https ALFRESCO_URL');
    }
  }
  if (!isRemoteUser) return;
  if (environment.ALFRESCO_AUTH !== 'ticket') {
    problems.push(
      `ALFRESCO_AUTH="${environment.ALFRESCO_AUTH}": must not be set with ALFRESCO_ON_BEHALF_OF=remote-user, which uses no account`,
    );
  }
  if (environment.AUTH === 'none') {
    problems.push(
      'AUTH="none": must not be set with ALFRESCO_ON_BEHALF_OF=remote-user, which passes on the name of the caller',
    );
  }
}
