/** When to ask again for a download that is still being made, in seconds (RFC 9110, section 10.2.3). */
export const RETRY_AFTER = { 'retry-after': '1' } as const;
