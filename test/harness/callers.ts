/** Callers of the service under test; the second password tries what RFC 7617 allows. */
export const CALLERS = {
  alice: { name: 'alice', password: 'al1ce-bff-Pa55' },
  zoe: { name: 'zoë', password: 'a:b::pässwörd-日本:' },
} as const;
