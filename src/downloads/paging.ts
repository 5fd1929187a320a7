/** Limits of `skipCount`, in the words of JSON Schema. */
export const SKIP_COUNT = { minimum: 0, maximum: 1_000_000, default: 0 };

/** Limits of `maxItems`: each entry costs a call to Alfresco. */
export const MAX_ITEMS = { minimum: 1, maximum: 100, default: 100 };
