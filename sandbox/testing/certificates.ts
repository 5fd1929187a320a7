import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** Issues certificates for the duration of a test. */
export class CertificateAuthority {
  readonly #directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  #count = 0;

  constructor(name = 'Test CA') {
    this.#openssl('ca', `/CN=${name}`, '-addext', 'keyUsage=critical,keyCertSign');
  }

  /** Its own certificate, in PEM. */
  get cert(): string {
    return this.#read('ca').cert;
  }

  /** @param subject in the certificate's order, such as `/O=Example/CN=downloads` */
  issue(subject: string, subjectAltName = 'IP:127.0.0.1'): Identity {
    this.#count += 1;
    const name = `issued-${this.#count}`;
    const signer = ['-CA', this.#path('ca.pem'), '-CAkey', this.#path('ca.key')];
    this.#openssl(name, subject, ...signer, '-addext', `subjectAltName=${subjectAltName}`);
    return this.#read(name);
  }

  /** Issues a certificate for the loopback address that expired yesterday. */
  issueExpired(subject: string): Identity {
    this.issue(subject);
    const name = `issued-${this.#count}`;
    const request = this.#path('request.pem');
    const key = ['-key', this.#path(`${name}.key`)];
    const extension = ['-addext', 'subjectAltName=IP:127.0.0.1', '-subj', subject];
    const signer = ['-CA', this.#path('ca.pem'), '-CAkey', this.#path('ca.key')];
    const copied = ['-copy_extensions', 'copy', '-out', this.#path(`${name}.pem`)];
    // `req` cannot issue an expired one; `x509` can, from a request.
    run('req', '-new', ...key, ...extension, '-out', request);
    run('x509', '-req', '-in', request, ...signer, '-days', '-1', ...copied);
    return this.#read(name);
  }

  /** Deletes its files. */
  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #openssl(name: string, subject: string, ...more: string[]): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const out = ['-keyout', this.#path(`${name}.key`), '-out', this.#path(`${name}.pem`)];
    const options = ['-x509', ...key, ...out, '-subj', subject, '-days', '2', '-utf8', ...more];
    run('req', ...options);
  }

  #read(name: string): Identity {
    return {
      cert: readFileSync(this.#path(`${name}.pem`), 'utf8'),
      key: readFileSync(this.#path(`${name}.key`), 'utf8'),
    };
  }

  #path(file: string): string {
    return join(this.#directory, file);
  }
}

function run(...command: string[]): void {
  execFileSync('openssl', command, { stdio: 'pipe' });
}

/**
 * Whether tests must do without certificates, which is printed.
 *
 * @throws if CI is true, where openssl must be installed
 */
export function isOpensslMissing(): boolean {
  if (!spawnSync('openssl', ['version'], { stdio: 'ignore' }).error) return false;
  if (process.env.CI === 'true') throw new Error('not installed: openssl');
  console.warn('SKIPPED tests with certificates: need openssl');
  return true;
}
