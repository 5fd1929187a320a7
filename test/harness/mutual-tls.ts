import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority, type Identity } from '../../sandbox/testing/certificates.ts';

/** The subject of the client certificate as Alfresco's `external.authentication.proxyUserName` names it. */
export const PROXY_USER = 'CN=downloads-bff,O=Example';

/** Certificates for both ends of a connection, as files and as text. */
export class MutualTls {
  private readonly directory = mkdtempSync(join(tmpdir(), 'mutual-tls-'));
  private readonly authority = new CertificateAuthority();
  readonly server = this.authority.issue('/CN=alfresco');
  readonly client = this.authority.issue('/O=Example/CN=downloads-bff');

  /** `tls` of a sandbox that trusts clients of the same authority. */
  get ofSandbox() {
    return { ...this.server, ca: this.authority.cert };
  }

  get ca(): string {
    return this.authority.cert;
  }

  issue(subject: string, subjectAltName?: string): Identity {
    return this.authority.issue(subject, subjectAltName);
  }

  issueExpired(subject: string): Identity {
    return this.authority.issueExpired(subject);
  }

  /** Path of a file with this text. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** The variables of a service that shows this certificate. */
  variables(client: Identity = this.client, ca = this.ca): Record<string, string> {
    return {
      ALFRESCO_CA_FILE: this.file('ca.pem', ca),
      ALFRESCO_CLIENT_CERT_FILE: this.file('client.pem', client.cert),
      ALFRESCO_CLIENT_KEY_FILE: this.file('client.key', client.key),
    };
  }

  close(): void {
    this.authority.close();
    rmSync(this.directory, { recursive: true });
  }
}
