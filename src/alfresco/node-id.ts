/** Alfresco's column for ids has 36 characters; stock ids such as `tag:tag-root` are no UUIDs. */
const NODE_ID = /^(?!\.+$)[A-Za-z0-9._:-]{1,36}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What is allowed, as a source for JSON Schema. */
export const NODE_ID_PATTERN = NODE_ID.source;

/** In words, for error messages. */
export const NODE_ID_RULE = '1 to 36 characters of [A-Za-z0-9._:-], not only dots';

/** Whether the text may be sent to Alfresco as an id, in a path or in a body. */
export function isNodeId(text: string): boolean {
  return NODE_ID.test(text);
}

/** UUIDs in lower case, as Alfresco makes them; other ids are case-sensitive and stay. */
export function normalizeNodeId(id: string): string {
  return UUID.test(id) ? id.toLowerCase() : id;
}
