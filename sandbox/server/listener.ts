import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Tomcat's `connectionTimeout`, also the time it keeps an idle connection. */
const KEEP_ALIVE_MS = 20_000;

/** HTTPS with Tomcat's `certificateVerification="optional"`. All in PEM. */
export interface TlsSettings {
  key: string;
  cert: string;
  /** Who has to have signed client certificates. */
  ca?: string;
}

/** An HTTP server, or an HTTPS server that asks for a client certificate, does without, but takes none that it does not trust. */
export function createListener(tls: TlsSettings | undefined, onRequest: RequestListener): Server {
  if (tls === undefined) return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, onRequest);
  const server = createTlsServer(
    { ...tls, keepAliveTimeout: KEEP_ALIVE_MS, requestCert: true, rejectUnauthorized: false },
    onRequest,
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
  });
  return server;
}
