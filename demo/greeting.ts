import { SAMPLE_NODES } from '../sandbox/sample-nodes.ts';
import { DEMO_USER } from './demo-user.ts';

/** The text printed at the start: addresses, the user, and commands to paste. */
export function greeting(url: string, alfrescoUrl: string): string {
  const auth = `-u ${DEMO_USER.name}:${DEMO_USER.password}`;
  const post = `curl -s ${auth} -H 'Content-Type: application/json'`;
  return `
  Page        ${url}/   (log in as ${DEMO_USER.name}, password ${DEMO_USER.password})
  Service     ${url}
  Swagger UI  ${url}/docs
  Alfresco    ${alfrescoUrl}   (a stand-in with sample documents, for this demo only)

Ask for a ZIP, and keep its id:

  id=$(${post} -d '{"nodeIds":["${SAMPLE_NODES.projectsFolder}"]}' ${url}/downloads | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

Repeat the first line until the status is DONE, then save the ZIP and remove it:

  curl -s ${auth} ${url}/downloads/$id
  curl -s ${auth} -OJ ${url}/downloads/$id/content
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
