import { isIP } from 'node:net';
import { ValidateBy } from 'class-validator';

/** Comma-separated origins: scheme, host and perhaps a port, nothing else. */
export function IsOriginList(message: string): PropertyDecorator {
  return ValidateBy({ name: 'isOriginList', validator: { validate: isOriginList } }, { message });
}

/** The origins as browsers send them: in lower case, without the default port. */
export function parseOrigins(text: string): string[] {
  return text.split(',').map((origin) => new URL(origin).origin);
}

function isOriginList(value: unknown): boolean {
  return typeof value === 'string' && value.split(',').every(isOrigin);
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@\\*\s]+$/i.test(text) && URL.canParse(text);
}

/** An absolute http(s) URL without credentials, query or fragment. */
export function IsHttpUrl(message: string): PropertyDecorator {
  return ValidateBy({ name: 'isHttpUrl', validator: { validate: isHttpUrl } }, { message });
}

export function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && !username && !password && !search && !hash;
}

/** `true`, `false`, a number of proxies, or their addresses: IP addresses and networks, comma-separated. */
export function IsTrustedProxies(message: string): PropertyDecorator {
  return ValidateBy(
    { name: 'isTrustedProxies', validator: { validate: isTrustedProxies } },
    { message },
  );
}

function isTrustedProxies(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return /^(?:true|false|\d{1,3})$/.test(value) || value.split(',').every(isNetwork);
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    prefix === undefined ||
    (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) && prefix !== '0')
  );
}

/** A whole number within these limits, both included. */
export function IsWholeNumber(message: string, min: number, max = Infinity): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  return ValidateBy({ name: 'isWholeNumber', validator: { validate } }, { message });
}
