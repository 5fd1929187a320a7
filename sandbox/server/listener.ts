import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** HTTPS with Tomcat's `certificateVerification="optional"`. All in PEM. */
export interface TlsSettings {
  key: string;
  cert: string;
  /** The authorities that client certificates must be signed by. */
  ca?: string;
}

/** The settings of a server's connections. */
export interface ListenerSettings {
  tls: TlsSettings | undefined;
  /** Tomcat's `connectionTimeout`, which is also how long it keeps an idle connection. */
  connectionTimeoutMs: number;
}

/** Creates an HTTP server, or an HTTPS server with optional client certificates, which must be trusted if sent. */
export function createListener(
  { tls, connectionTimeoutMs }: ListenerSettings,
  onRequest: RequestListener,
): Server {
  const keepAlive = { keepAliveTimeout: connectionTimeoutMs, keepAliveTimeoutBuffer: 0 };
  if (tls === undefined) return createServer(keepAlive, onRequest);
  const server = createTlsServer(
    { ...tls, ...keepAlive, requestCert: true, rejectUnauthorized: false },
    onRequest,
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
  });
  return server;
}
