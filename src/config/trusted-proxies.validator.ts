import { isIP } from 'node:net';
import { ValidateBy } from 'class-validator';

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
