/** Injection token of the `DownloadsConfig`. */
export const DOWNLOADS_CONFIG = Symbol('DOWNLOADS_CONFIG');
