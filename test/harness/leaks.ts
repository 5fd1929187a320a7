import { SERVICE_ACCOUNT, basic } from './bff.js';

/** A host name that only a faulty Alfresco discloses. */
export const FOREIGN_HOST = 'internal-7f3a.example';

const FORBIDDEN: readonly (string | RegExp)[] = [
  SERVICE_ACCOUNT.password,
  basic({ name: SERVICE_ACCOUNT.id, password: SERVICE_ACCOUNT.password }).slice('Basic '.length),
  FOREIGN_HOST,
  'JSESSIONID',
  'AlfTicket',
  'TICKET_',
  /\borg\.(?:alfresco|springframework|apache)\b/,
  /\bjavax?\.[a-z]/,
  /\b\w+Exception\b/,
  /Set-Cookie/i,
];

/** Forbidden content of a text: credentials, Java class names, hosts behind Alfresco. */
export function leaksIn(text: string): string[] {
  return FORBIDDEN.filter((secret) =>
    typeof secret === 'string' ? text.includes(secret) : secret.test(text),
  ).map(String);
}

/** Collects what this process writes to its output, which is where the service logs. */
export function captureOutput(): { text: () => string; stop: () => void } {
  let text = '';
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    }),
  );
  return { text: () => text, stop: () => spies.forEach((spy) => spy.mockRestore()) };
}
