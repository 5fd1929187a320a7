import type { DatabaseSync } from 'node:sqlite';

/** Expired rows that one write deletes at most; more than it adds, so that they do not pile up. */
const SWEEP = 100;

export type SqliteStatements = ReturnType<typeof prepareStatements>;

/** Every statement of the registry. A row whose `expires_at` is not after `:now` does not exist. */
export function prepareStatements(db: DatabaseSync) {
  return {
    // An id that another owner holds is left as it is, and no row is changed.
    insert: db.prepare(
      `INSERT INTO downloads (id, owner, created_at, expires_at)
       VALUES (:id, :owner, :createdAt, :expiresAt)
       ON CONFLICT (id) DO UPDATE
       SET owner = excluded.owner, created_at = excluded.created_at, expires_at = excluded.expires_at
       WHERE owner = excluded.owner OR expires_at <= :now`,
    ),
    owner: db.prepare('SELECT owner FROM downloads WHERE id = :id AND expires_at > :now'),
    count: db.prepare(
      'SELECT count(*) AS total FROM downloads WHERE owner = :owner AND expires_at > :now',
    ),
    page: db.prepare(
      `SELECT id, created_at FROM downloads WHERE owner = :owner AND expires_at > :now
       ORDER BY created_at DESC, id DESC LIMIT :maxItems OFFSET :skipCount`,
    ),
    remove: db.prepare('DELETE FROM downloads WHERE id = :id'),

    request: db.prepare(
      `SELECT fingerprint, download_id FROM requests
       WHERE owner = :owner AND key = :key AND expires_at > :now`,
    ),
    claim: db.prepare(
      `INSERT OR REPLACE INTO requests (owner, key, fingerprint, token, expires_at)
       VALUES (:owner, :key, :fingerprint, :token, :expiresAt)`,
    ),
    // Again with the same download is not an error: the caller may not have seen the first answer.
    complete: db.prepare(
      `UPDATE requests SET download_id = :id, expires_at = :expiresAt
       WHERE owner = :owner AND key = :key AND token = :token AND expires_at > :now
       AND coalesce(download_id, :id) = :id`,
    ),
    release: db.prepare(
      `DELETE FROM requests
       WHERE owner = :owner AND key = :key AND token = :token AND download_id IS NULL`,
    ),

    sweepDownloads: db.prepare(
      `DELETE FROM downloads WHERE id IN
       (SELECT id FROM downloads WHERE expires_at <= :now LIMIT ${SWEEP})`,
    ),
    sweepRequests: db.prepare(
      `DELETE FROM requests WHERE (owner, key) IN
       (SELECT owner, key FROM requests WHERE expires_at <= :now LIMIT ${SWEEP})`,
    ),
  };
}
