/** The characters that Apache CXF's Rfc5987Util does not encode (attr-char of RFC 5987). */
const ATTR_CHAR = /[A-Za-z\d!#$&+\-.^_`|~]/;

/**
 * The Content-Disposition of a content response, by ContentStreamer.setAttachment. Old versions of Internet Explorer get
 * another form, in which Alfresco omits the closing quote.
 */
export function contentDisposition(name: string, userAgent: string | undefined): string {
  if (/MSIE [78]/.test(userAgent ?? '')) return `attachment; filename="${rfc5987(name)}`;
  return `attachment; filename="${quotedString(name)}"; filename*=UTF-8''${rfc5987(name)}`;
}

/** Latin-1 characters stay raw bytes; other UTF-16 units that cannot be quoted become spaces. */
function quotedString(name: string): string {
  return Array.from({ length: name.length }, (_, index) => {
    const code = name.charCodeAt(index);
    return code < 32 || code === 127 || code > 255 || code === 34 ? ' ' : name.charAt(index);
  }).join('');
}

function rfc5987(name: string): string {
  return Array.from(Buffer.from(name, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return ATTR_CHAR.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}
