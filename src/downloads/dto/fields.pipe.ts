import { Injectable, type PipeTransform } from '@nestjs/common';

/**
 * The `fields` parameter by Alfresco's rules: the first occurrence counts, names are split at commas and
 * trimmed, unknown ones mean nothing, `id` is not forced in. `undefined` without the parameter.
 */
@Injectable()
export class FieldsPipe implements PipeTransform<unknown, ReadonlySet<string> | undefined> {
  transform(value: unknown): ReadonlySet<string> | undefined {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first !== 'string') return undefined;
    return new Set(first.split(',').map((name) => name.trim()));
  }
}
