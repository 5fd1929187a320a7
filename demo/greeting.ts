import { SAMPLE_NODES } from '../sandbox/sample-nodes.ts';
import type { DemoBackends } from './demo-backends.ts';
import type { DemoServices } from './demo-service.ts';
import { DEMO_USER, PROVIDER_USERS } from './demo-user.ts';

/** The text printed at the start: addresses, the users, and commands to paste. */
export function greeting(
  { url, providerUrl }: Pick<DemoServices, 'url' | 'providerUrl'>,
  { sandbox, provider }: DemoBackends,
): string {
  const users = PROVIDER_USERS.map(({ name, password }) => `${name}, password ${password}`);
  const auth = `-u ${DEMO_USER.name}:${DEMO_USER.password}`;
  const post = `curl -s ${auth} -H 'Content-Type: application/json'`;
  return `
  Page        ${url}/   (log in as ${DEMO_USER.name}, password ${DEMO_USER.password})
  Service     ${url}
  Swagger UI  ${url}/docs
  Alfresco    ${sandbox.url}   (a stand-in with sample documents, for this demo only)

The page also offers a log-in with an OpenID provider (${provider.issuer}): as ${users.join(', or as ')}.
Each of the two gets what they may read in Alfresco, from a second service: ${providerUrl}

Ask for a ZIP, and keep its id:

  id=$(${post} -d '{"nodeIds":["${SAMPLE_NODES.projectsFolder}"]}' ${url}/downloads | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

Repeat the first line until the status is DONE, then save the ZIP and remove it:

  curl -s ${auth} ${url}/downloads/$id
  curl -sSfOJ ${auth} ${url}/downloads/$id/content
  curl -s ${auth} -X DELETE ${url}/nodes/$id

Nodes to try in "nodeIds":

  ${SAMPLE_NODES.projectsFolder}   a folder with subfolders
  ${SAMPLE_NODES.reportPdf}   a PDF
  ${SAMPLE_NODES.unicodeFile}   a name in three scripts
  ${SAMPLE_NODES.largeFile}   220 MB: takes some seconds, enough to cancel it:
                                         curl -s ${auth} -X DELETE ${url}/downloads/$id
  ${SAMPLE_NODES.forbiddenFile}   not readable: 403
  ${SAMPLE_NODES.archivedFile}   in cold storage: 412
  ${SAMPLE_NODES.crashingFile}   its ZIP is never finished: Alfresco has no failed state

Stop with Ctrl+C.
`;
}
