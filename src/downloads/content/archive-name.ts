import { create } from 'content-disposition';

/** Media type of a ZIP; Alfresco calls it application/octet-stream. */
export const ZIP_TYPE = 'application/zip';

/** Control characters, separators of paths, and marks that turn the reading direction to hide a name's ending. */
const UNSAFE = /[\p{Cc}/\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `Content-Disposition` (RFC 6266) for saving a ZIP under the name that Alfresco gave it. */
export function contentDisposition(name: string): string {
  // Alfresco quotes every name, and its front ends look for the quotes; the library leaves them out where it may.
  return create(archiveName(name)).replace(
    /^attachment; filename=([^";]+)/,
    'attachment; filename="$1"',
  );
}

/** The name without what could lead out of a folder or deceive the eye, ending in `.zip`. */
export function archiveName(name: string): string {
  const safe = name.toWellFormed().replace(UNSAFE, '_').trim();
  if (safe === '' || safe === '.zip') return 'archive.zip';
  return /\.zip$/i.test(safe) ? safe : `${safe}.zip`;
}
