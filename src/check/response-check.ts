import type { DownloadNode } from '../alfresco/download.js';
import type { AlfrescoAccess } from './alfresco-access.js';
import type { Findings } from './findings.js';

/**
 * What Alfresco, asked as its own clients ask it, does that this service mends ("Differences from Alfresco" in
 * docs/integration.md). Nothing of it is a failure.
 */
export async function checkResponses(
  access: AlfrescoAccess,
  { id, size, name }: DownloadNode,
  findings: Findings,
): Promise<void> {
  const head = await access.head(id, 'HEAD');
  const isHead = head.status === 200;
  findings.ok(
    'round trip: HEAD',
    isHead ? 'Alfresco responds 200' : mended(`Alfresco responds ${head.status}`),
  );

  const beyond = await access.head(id, 'GET', `bytes=0-${size! + 999}`);
  const announced = Number(beyond.headers['content-length']);
  // HttpRangeProcessor announces the bytes that were asked for, sends those that there are, and keeps the connection open.
  const seen =
    announced > size!
      ? mended(`Alfresco announces ${announced} bytes, and sends ${size}`)
      : `Alfresco announces ${announced} of ${size} bytes, as it should`;
  findings.ok('round trip: long range', seen);

  const whole = await access.head(id, 'GET');
  const { 'content-disposition': disposition } = whole.headers;
  const isNamed = typeof disposition === 'string' && disposition.includes(name);
  findings.ok(
    'round trip: file name',
    isNamed ? 'Alfresco sends that of the node' : mended('Alfresco sends none'),
  );
  const isResumable = whole.headers['accept-ranges'] === 'bytes';
  if (!isResumable) findings.ok('round trip: Accept-Ranges', mended('Alfresco sends none'));
}

function mended(seen: string): string {
  return `${seen}; this service mends it`;
}
