/** Injection token of the `DownloadsOptions`. */
export const DOWNLOADS_OPTIONS = Symbol('DOWNLOADS_OPTIONS');

/** Limits of the downloads API. */
export interface DownloadsOptions {
  /** Nodes that one download may ask for. */
  readonly maxNodeIds: number;
}
