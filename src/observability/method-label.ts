const KNOWN: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** A request method for metrics and spans: Node knows three dozen, and any caller can send them. */
export function methodLabel(method: string): string {
  return KNOWN.has(method) ? method : '_OTHER';
}
