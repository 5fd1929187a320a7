import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as OTLP's JSON has it, with its attributes as an object. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  /** 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 2 means an error. */
  readonly status: { readonly code?: number };
}

interface ExportedSpan extends Omit<CollectedSpan, 'attributes'> {
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
  }[];
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

/** An OpenTelemetry collector that accepts spans over OTLP/HTTP in JSON. */
export class Collector {
  /** The request bodies as received. */
  readonly exports: string[] = [];

  private constructor(private readonly server: Server) {}

  /** @param received called with each body */
  static async start(received: (body: string) => void = () => {}): Promise<Collector> {
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const isExport = request.method === 'POST' && request.url === '/v1/traces';
        if (isExport) {
          collector.exports.push(body);
          received(body);
        }
        response.writeHead(isExport ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
      });
    });
    const collector = new Collector(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): CollectedSpan[] {
    return this.exports
      .flatMap((body) => (JSON.parse(body) as ExportRequest).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      .map((span) => ({
        ...span,
        attributes: Object.fromEntries(
          span.attributes.map(({ key, value }) => [
            key,
            value.stringValue ?? Number(value.intValue),
          ]),
        ),
      }));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
