import { Injectable, type PipeTransform } from '@nestjs/common';

/**
 * The `fields` parameter by Alfresco's rules: names are split at commas and trimmed, unknown ones mean nothing, `id` is
 * not forced in. Several parameters count together, as generators write a list. `undefined` without any.
 */
@Injectable()
export class FieldsPipe implements PipeTransform<unknown, ReadonlySet<string> | undefined> {
  transform(value: unknown): ReadonlySet<string> | undefined {
    const texts = [value].flat().filter((text) => typeof text === 'string');
    if (texts.length === 0) return undefined;
    return new Set(texts.flatMap((text) => text.split(',')).map((name) => name.trim()));
  }
}

/** The members of an entry that `fields` names, or all without it. */
export function onlyFields<T extends object>(
  entry: T,
  fields: ReadonlySet<string> | undefined,
): Partial<T> {
  if (!fields) return entry;
  const members = Object.entries(entry).filter(([name]) => fields.has(name));
  return Object.fromEntries(members) as Partial<T>;
}
