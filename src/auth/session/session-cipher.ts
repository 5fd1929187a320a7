import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** Bytes; what NIST SP 800-38D, section 5.2.1.1, recommends, and of the authentication tag the most that there is. */
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * Encrypts what the store and cookies hold, so that neither who reads them nor who writes them can use it.
 *
 * Written as `key id.base64url(iv, text, tag)`. Of several secrets the first encrypts and all decrypt, so that one can be
 * replaced while sessions live.
 */
export class SessionCipher {
  private readonly keys: readonly Key[];

  /** @param secrets at least one; see SESSION_SECRET */
  constructor(secrets: readonly string[]) {
    this.keys = secrets.map((secret) => {
      const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'alfresco-downloads session', 32));
      return { id: createHash('sha256').update(bytes).digest('base64url').slice(0, 8), bytes };
    });
  }

  /** @param context for which alone it can be decrypted, so that nothing can be moved to another place */
  seal(text: string, context: string): string {
    const key = this.keys[0]!;
    const iv = randomBytes(IV_LENGTH);
    const cipher = createCipheriv(ALGORITHM, key.bytes, iv).setAAD(Buffer.from(context));
    const sealed = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${key.id}.${Buffer.concat(sealed).toString('base64url')}`;
  }

  /** `undefined` when it was sealed elsewhere, with a secret that is gone, for another context, or was changed. */
  open(sealed: string, context: string): string | undefined {
    const [id, encoded = ''] = sealed.split('.');
    const key = this.keys.find((one) => one.id === id);
    const bytes = Buffer.from(encoded, 'base64url');
    if (!key || bytes.length < IV_LENGTH + TAG_LENGTH) return undefined;
    const decipher = createDecipheriv(ALGORITHM, key.bytes, bytes.subarray(0, IV_LENGTH), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_LENGTH));
    try {
      const text = decipher.update(bytes.subarray(IV_LENGTH, -TAG_LENGTH));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
