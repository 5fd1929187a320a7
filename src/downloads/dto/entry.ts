/** Names of the members of an entry that the caller wants. */
export type Fields = ReadonlySet<string>;

/**
 * The `fields` parameter by Alfresco's rules: names are split at commas and trimmed, unknown ones mean nothing, `id` is
 * not forced in. Several parameters count together, as generators write a list. `undefined` without any.
 */
export function parseFields(value: unknown): Fields | undefined {
  const texts = [value].flat().filter((text) => typeof text === 'string');
  if (texts.length === 0) return undefined;
  return new Set(texts.flatMap((text) => text.split(',')).map((name) => name.trim()));
}

/** The members of an entry that `fields` names, or all without it. */
export function onlyFields<T extends object>(entry: T, fields: Fields | undefined): Partial<T> {
  if (!fields) return entry;
  const members = Object.entries(entry).filter(([name]) => fields.has(name));
  return Object.fromEntries(members) as Partial<T>;
}

/** A date as Alfresco writes it (JacksonHelper.java), with the offset without a colon. @param at milliseconds of the epoch */
export function alfrescoDate(at: number): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}
