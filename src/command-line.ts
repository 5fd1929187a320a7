import { VERSION } from './config/version.js';

/** Of a command or an option that does not exist: nothing was done. */
const EXIT_USAGE = 2;

const USAGE = `Usage: alfresco-downloads-bff [COMMAND]   (or node dist/main.js)

Without a command it starts the service, configured by environment variables and by .env.

Commands:
  check       finds out whether configuration, store and Alfresco fit (check --help)

Options:
  --help      prints this text
  --version   prints the version`;

/**
 * Does what the arguments of the process ask for, other than to start the service.
 * @param args at least one
 * @returns the exit code
 */
export async function runCommand([command = '', ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'check': {
      const { check } = await import('./check/check-command.js');
      return check(rest);
    }
    case '--help':
      console.log(USAGE);
      return 0;
    case '--version':
      console.log(VERSION);
      return 0;
    default:
      console.error(`There is no command or option "${command}".\n\n${USAGE}`);
      return EXIT_USAGE;
  }
}
