/** Generates the numbers that link an error response to the server's log. */
export class LogCounter {
  #count = 0;

  /** Eight digits: month counted from 00, day, running number (PlatformRuntimeException). */
  next(): string {
    const now = new Date();
    this.#count = (this.#count + 1) % 10_000;
    return digits(now.getMonth(), 2) + digits(now.getDate(), 2) + digits(this.#count, 4);
  }
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
