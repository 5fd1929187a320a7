import { create } from 'content-disposition';

/** Media type of a ZIP; Alfresco calls it application/octet-stream. */
export const ZIP_TYPE = 'application/zip';

/** Control characters, separators of paths, and marks that turn the reading direction to hide a name's ending. */
const UNSAFE = /[\p{Cc}/\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What Alfresco's own names and most file systems have at most; the header of a longer one breaks clients. */
const MAX_LENGTH = 255;
const SUFFIX = '.zip';

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
  if (safe === '' || safe === SUFFIX) return `archive${SUFFIX}`;
  const hasSuffix = /\.zip$/i.test(safe);
  if (hasSuffix && safe.length <= MAX_LENGTH) return safe;
  const stem = hasSuffix ? safe.slice(0, -SUFFIX.length) : safe;
  // Half of a surrogate pair may be left at the end.
  return stem.slice(0, MAX_LENGTH - SUFFIX.length).toWellFormed() + SUFFIX;
}
