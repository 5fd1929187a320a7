const PATH_ONLY = /^\/[^?#]*$/;

/** The path of a request target: without query and fragment, and without the origin of the absolute form (RFC 9112, 3.2.2). */
export function pathOf(target: string): string {
  if (PATH_ONLY.test(target)) return target;
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}
