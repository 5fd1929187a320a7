import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { isNodeId } from '../alfresco/alfresco-api.js';
import type { AppConfig } from '../config/app-config.js';
import { type CheckOptions, checkAlfresco } from './alfresco-check.js';
import { checkConfiguration } from './configuration-check.js';
import { Findings } from './findings.js';
import { checkProvider } from './provider-check.js';
import { documentOf, lineOf, totalOf } from './report.js';
import { checkStore } from './store-check.js';

const USAGE = `Usage: alfresco-downloads-bff check [--node ID [--user NAME]] [--json]   (or node dist/main.js check)

Reads the same configuration as the service and finds out whether store, Alfresco and OpenID provider fit it.
It changes nothing; with --node it makes two downloads and removes them.

Options:
  --node ID     makes a ZIP of this node of Alfresco, saves, cancels and removes it: a small one at best,
                since the check waits five minutes at most for the ZIP
  --user NAME   with ALFRESCO_ON_BEHALF_OF=remote-user: someone whom Alfresco knows, in whose name it is asked
  --json        prints one JSON document instead of a table
  --help        prints this text

Exit code: 0 nothing has failed (there may be warnings), 1 something has failed, the configuration included,
2 wrong usage, nothing was checked, 130 or 143 interrupted.`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Checks the installation and prints what it has found. @returns the exit code */
export async function check(args: readonly string[]): Promise<number> {
  const options = read(args);
  if (typeof options === 'string') {
    console.error(`${options}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  // What the modules of the service would log is in the table.
  Logger.overrideLogger(false);
  const { json = false } = options;
  const findings = new Findings((finding) => {
    if (!json) console.log(lineOf(finding));
  });
  const interruption = new Interruption();
  await checkAll(options, findings, interruption.signal);
  console.log(json ? documentOf(findings) : `\n${totalOf(findings)}`);
  return interruption.exitCode ?? (findings.count('failed') > 0 ? EXIT_FAILED : 0);
}

interface Options extends CheckOptions {
  readonly json?: boolean;
  readonly help?: boolean;
}

/** @returns the options, or what is wrong with them */
function read(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        node: { type: 'string' },
        user: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.node !== undefined && !isNodeId(values.node)) return '--node: not an id of a node';
    return values;
  } catch (error) {
    return (error as Error).message;
  }
}

async function checkAll(
  options: CheckOptions,
  findings: Findings,
  interrupted: AbortSignal,
): Promise<void> {
  const config = checkConfiguration(findings);
  if (!config) {
    findings.skip('everything else', 'needs a valid configuration');
    return;
  }
  const checks: ((config: AppConfig) => Promise<void>)[] = [
    (it) => checkStore(it, findings),
    (it) => checkProvider(it, findings),
    (it) => checkAlfresco(it, options, findings, interrupted),
  ];
  for (const run of checks) {
    if (interrupted.aborted) break;
    await run(config);
  }
  if (interrupted.aborted) findings.skip('everything else', 'interrupted');
}

/** The first SIGINT or SIGTERM, after which the check cleans up; the second one ends it at once. */
class Interruption {
  private readonly controller = new AbortController();
  exitCode?: number;

  constructor() {
    for (const [name, code] of Object.entries(SIGNALS)) {
      process.on(name, () => {
        if (this.exitCode !== undefined) process.exit(code);
        this.exitCode = code;
        this.controller.abort();
      });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }
}
