import { ValidateBy } from 'class-validator';

/** An absolute http(s) URL without credentials, query or fragment. */
export function IsHttpUrl(message: string): PropertyDecorator {
  return ValidateBy({ name: 'isHttpUrl', validator: { validate: isHttpUrl } }, { message });
}

/** Whether it is one. */
export function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && !username && !password && !search && !hash;
}
