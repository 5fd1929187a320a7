#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { SAMPLE_NODES, SAMPLE_USERS } from './sample-nodes.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

const HELP = `A stand-in for Alfresco Content Services that makes real ZIPs of sample documents.

Usage: alfresco-sandbox [options]

  --host <address>            address to listen on (127.0.0.1)
  --port <number>             port to listen on (any free one)
  --bytes-per-second <number> source bytes that go into each ZIP per second (unlimited)
  --large-file-bytes <number> size of the large sample file (220000000)
  --max-content-size <number> Alfresco's download.maxContentSize (2152852358)
  --ticket-valid-ms <number>  Alfresco's authentication.ticket.validDuration (3600000)
  --quiet                     do not log requests
  --help                      this text
`;

/** The command line is wrong; the message explains it to the user. */
class UsageError extends Error {}

function readOptions(): SandboxOptions | undefined {
  const { values } = parseCommandLine();
  if (values.help) return undefined;
  const options: SandboxOptions = {};
  if (values.host !== undefined) options.host = values.host;
  if (values.port !== undefined) options.port = readNumber('port', values.port, 65_535);
  const bytesPerSecond = values['bytes-per-second'];
  if (bytesPerSecond !== undefined)
    options.bytesPerSecond = readNumber('bytes-per-second', bytesPerSecond);
  const largeFileBytes = values['large-file-bytes'];
  if (largeFileBytes !== undefined)
    options.largeFileBytes = readNumber('large-file-bytes', largeFileBytes);
  const maxContentSize = values['max-content-size'];
  if (maxContentSize !== undefined)
    options.maxContentSize = readNumber('max-content-size', maxContentSize);
  const ticketValidMs = values['ticket-valid-ms'];
  if (ticketValidMs !== undefined)
    options.ticketValidMs = readNumber('ticket-valid-ms', ticketValidMs);
  if (!values.quiet) options.log = (line) => console.log(line);
  return options;
}

function parseCommandLine() {
  try {
    return parseArgs({
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        'bytes-per-second': { type: 'string' },
        'large-file-bytes': { type: 'string' },
        'max-content-size': { type: 'string' },
        'ticket-valid-ms': { type: 'string' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(name: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) {
    throw new UsageError(`--${name} must be a whole number from 0 to ${most}, not "${text}"`);
  }
  return value;
}

function printWelcome(sandbox: Sandbox): void {
  console.log(`Stand-in Alfresco: ${sandbox.url}\n\nUsers:`);
  for (const { id, password } of SAMPLE_USERS) console.log(`  ${id.padEnd(24)} ${password}`);
  console.log('\nNodes:');
  for (const [name, id] of Object.entries(SAMPLE_NODES)) console.log(`  ${name.padEnd(24)} ${id}`);
  console.log('\nStop with Ctrl+C.\n');
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const sandbox = await startSandbox(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void sandbox.close());
  printWelcome(sandbox);
}

try {
  await main();
} catch (error) {
  console.error(
    (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' '),
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
