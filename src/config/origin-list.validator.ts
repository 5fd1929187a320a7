import { ValidateBy } from 'class-validator';

/** Comma-separated origins of web pages: scheme, host and perhaps a port, nothing else. */
export function IsOriginList(message: string): PropertyDecorator {
  return ValidateBy({ name: 'isOriginList', validator: { validate: isOriginList } }, { message });
}

/** The origins as a browser writes them: in lower case, without the scheme's own port. */
export function parseOrigins(text: string): string[] {
  return text.split(',').map((origin) => new URL(origin).origin);
}

function isOriginList(value: unknown): boolean {
  return typeof value === 'string' && value.split(',').every(isOrigin);
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@\\*\s]+$/i.test(text) && URL.canParse(text);
}
