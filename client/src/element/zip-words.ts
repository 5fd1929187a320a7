import {
  type DownloadProgress,
  DownloadsProblem,
  type Problem,
  ServiceUnreachable,
} from '../index.ts';
import { ENGLISH, type ZipText } from './zip-texts.ts';

const SIZE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** Describes downloads and failures in a language. */
export class ZipWords {
  readonly #own: (name: string) => string | null | undefined;
  readonly #locale: string;

  /**
   * @param own finds texts that replace the English ones
   * @param language of numbers and times (BCP 47); English if the browser does not know it
   */
  constructor(own: (name: string) => string | null | undefined = () => null, language = 'en') {
    this.#own = own;
    this.#locale = isKnown(language) ? language : 'en';
  }

  /** The text with this name, with values in the place of `{…}`. */
  text(name: ZipText, values: Readonly<Record<string, string>> = {}): string {
    return fill(this.#own(name) ?? ENGLISH[name], values);
  }

  /** `20.5 MB`; decimal units, as most file managers and browsers use. */
  bytes(size: number): string {
    const digits = Math.floor(Math.log10(Math.max(1, size)));
    const unit = Math.min(Math.floor(digits / 3), SIZE_UNITS.length - 1);
    const value = size / 1000 ** unit;
    const unitDisplay = unit === 0 ? 'long' : 'short';
    return this.#number(value, SIZE_UNITS[unit]!, unitDisplay, value < 100 ? 1 : 0);
  }

  /** `1 min 5 sec` */
  duration(seconds: number): string {
    const [whole, rest] = [Math.floor(seconds), (unit: number) => seconds % unit];
    const minutes = Math.floor(whole / 60);
    const parts =
      whole < 60
        ? ([[whole, 'second']] as const)
        : minutes < 60
          ? ([
              [minutes, 'minute'],
              [Math.floor(rest(60)), 'second'],
            ] as const)
          : ([
              [Math.floor(minutes / 60), 'hour'],
              [minutes % 60, 'minute'],
            ] as const);
    return parts.map(([value, unit]) => this.#number(value, unit, 'short')).join(' ');
  }

  /** `3 files` */
  files(count: number): string {
    return this.counted('files', count);
  }

  /** The text for this number in the plural category of the language. */
  counted(name: 'files' | 'note-missing', count: number): string {
    const category = new Intl.PluralRules(this.#locale).select(count);
    const text =
      this.#own(`${name}-${category}`) ??
      this.#own(`${name}-other`) ??
      ENGLISH[`${name}-${count === 1 ? 'one' : 'other'}`];
    return fill(text, { count: count.toLocaleString(this.#locale) });
  }

  /** The time of day, from one in ISO 8601. */
  timeOfDay(time: string): string {
    return new Date(time).toLocaleTimeString(this.#locale, {
      timeStyle: 'short',
      hourCycle: 'h23',
    });
  }

  /** `48%`, rounded down */
  percent(percent: number): string {
    return (Math.floor(percent) / 100).toLocaleString(this.#locale, { style: 'percent' });
  }

  /** One line with all that is known of a download that is being made; empty if that is nothing. */
  progress({ entry, percent, bytesPerSecond, remainingSeconds }: DownloadProgress): string {
    if (entry.totalBytes === 0 && entry.totalFiles === 0) return '';
    const [done, total] = [this.bytes(entry.bytesAdded), this.bytes(entry.totalBytes)];
    const filesAdded = entry.filesAdded.toLocaleString(this.#locale);
    const parts = [
      this.percent(percent),
      this.text('bytes', { done, total }),
      this.text('files', { done: filesAdded, total: this.files(entry.totalFiles) }),
    ];
    if (bytesPerSecond) {
      parts.push(this.text('speed', { bytes: this.bytes(bytesPerSecond) }));
      if (remainingSeconds !== undefined) {
        parts.push(this.text('left', { time: this.duration(remainingSeconds) }));
      }
    }
    return parts.join(' · ');
  }

  /**
   * What has failed, and what to do about it. Errors that are not the service's are logged to the console.
   *
   * @param nodeIds in the order in which they were sent
   */
  failure(error: unknown, nodeIds: readonly string[] = []): string {
    if (error instanceof DownloadsProblem) {
      const { problem, retryAfterMs } = error;
      const text = this.#problem(problem, nodeIds);
      if (retryAfterMs === undefined) return text;
      const time = this.duration(Math.max(1, Math.ceil(retryAfterMs / 1000)));
      return `${text} ${this.text('error-retry', { time })}`;
    }
    if (error instanceof ServiceUnreachable) return this.text('error-unreachable');
    console.error(error);
    return this.text('error-unexpected');
  }

  #problem(
    { code, title, status, detail, errors = [] }: Problem,
    nodeIds: readonly string[],
  ): string {
    const own = code && this.#own(`error-${code.toLowerCase().replaceAll('_', '-')}`);
    if (own) return own;
    if (code === undefined && status >= 500) return this.text('error-proxy', { title });
    const details = errors.map(({ pointer, parameter, detail: what }) => {
      const id = nodeIds[Number(/^\/nodeIds\/(\d+)$/.exec(pointer ?? '')?.[1])];
      const where = id ?? pointer ?? parameter;
      return where === undefined ? `${what}.` : `${where}: ${what}.`;
    });
    return [detail ?? `${title}.`, ...details].join(' ');
  }

  #number(
    value: number,
    unit: string,
    unitDisplay: 'long' | 'short',
    maximumFractionDigits = 0,
  ): string {
    const options = { style: 'unit', unit, unitDisplay, maximumFractionDigits } as const;
    return value.toLocaleString(this.#locale, options);
  }
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}

function isKnown(language: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(language).length > 0;
  } catch {
    // It is not a language tag.
    return false;
  }
}
