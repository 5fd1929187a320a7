import { DownloadsProblem, ServiceUnreachable } from 'alfresco-downloads-client';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `20.5 MB`; decimal units, as most file managers and browsers use. */
export function bytes(size: number): string {
  const digits = Math.floor(Math.log10(Math.max(1, size)));
  const unit = Math.min(Math.floor(digits / 3), UNITS.length - 1);
  const value = size / 1000 ** unit;
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit: UNITS[unit]!,
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 100 ? 1 : 0,
  }).format(value);
}

/** `1 min 5 s` */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `3 files` */
export function count(number: number, singular: string): string {
  return `${number.toLocaleString('en')} ${singular}${number === 1 ? '' : 's'}`;
}

/** A list of names that replaces the last ones with their number. */
export function shortList(names: readonly string[], most = 3): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} more`;
}

/** Describes a failure, and what to do about it, to the user. */
export function failure(error: unknown, names: readonly string[] = []): string {
  if (error instanceof DownloadsProblem) return problemText(error, names);
  if (error instanceof ServiceUnreachable) {
    return 'The service cannot be reached. Check your connection and try again.';
  }
  console.error(error);
  return 'Something went wrong in this page. Reload it, and try again.';
}

function problemText(
  { problem, retryAfterMs }: DownloadsProblem,
  names: readonly string[],
): string {
  const { code, status, title, detail, errors = [] } = problem;
  if (code === undefined && status >= 500) {
    return `${title}. Try again later.`;
  }
  const details = errors.map(({ pointer, parameter, detail: what }) => {
    const name = names[Number(/^\/nodeIds\/(\d+)$/.exec(pointer ?? '')?.[1])];
    return `${name ?? pointer ?? parameter ?? 'The request'}: ${what}.`;
  });
  const later =
    retryAfterMs === undefined
      ? []
      : [`Try again in ${duration(Math.max(1, Math.ceil(retryAfterMs / 1000)))}.`];
  return [detail ?? `${title}.`, ...details, ...later].join(' ');
}
