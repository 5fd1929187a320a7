import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Of these the provider withdraws all at once when a grant ends. */
const GRANTED = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

interface Entry {
  readonly model: string;
  readonly payload: AdapterPayload;
  /** Milliseconds of the epoch. */
  readonly endsAt: number;
}

/** What the provider remembers until it stops: sessions, codes, tokens and grants. The one that it brings warns of itself. */
export function providerMemory(): AdapterFactory {
  const entries = new Map<string, Entry>();
  const removeWhere = (isOver: (entry: Entry) => boolean) => {
    for (const [key, entry] of entries) if (isOver(entry)) entries.delete(key);
  };
  const valid = (entry: Entry | undefined) =>
    entry && Date.now() < entry.endsAt ? entry.payload : undefined;
  const first = (model: string, isMeant: (payload: AdapterPayload) => boolean) =>
    valid(entries.values().find((entry) => entry.model === model && isMeant(entry.payload)));

  return (model): Adapter => {
    const keyOf = (id: string) => `${model}:${id}`;
    return {
      upsert: async (id, payload, expiresIn = Infinity) => {
        const now = Date.now();
        removeWhere(({ endsAt }) => endsAt <= now);
        entries.set(keyOf(id), { model, payload, endsAt: now + expiresIn * 1000 });
      },
      find: async (id) => valid(entries.get(keyOf(id))),
      findByUid: async (uid) => first(model, (payload) => payload.uid === uid),
      findByUserCode: async (code) => first(model, (payload) => payload.userCode === code),
      consume: async (id) => {
        const payload = valid(entries.get(keyOf(id)));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void entries.delete(keyOf(id)),
      revokeByGrantId: async (grantId) =>
        removeWhere((entry) => GRANTED.has(entry.model) && entry.payload.grantId === grantId),
    };
  };
}
