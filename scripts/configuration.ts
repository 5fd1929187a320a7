import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/** What the service knows about its variables. */
interface Source {
  readonly Environment: typeof import('#service/config/environment.js').Environment;
  readonly FILE_VARIABLES: typeof import('#service/config/environment.js').FILE_VARIABLES;
  readonly VARIABLES: typeof import('#service/config/variable-descriptions.js').VARIABLES;
}

interface Variable {
  readonly name: string;
  /** Undefined if `Environment` has none. */
  readonly default: string | undefined;
  readonly description: NonNullable<Source['VARIABLES'][string][keyof Source['VARIABLES'][string]]>;
  /** Can come from a file. */
  readonly ofFile: boolean;
}

const PAGE = 'docs/configuration.md';
const EXAMPLE = '.env.example';
/** Without these, the service does not start as it is by default. */
const TO_EDIT = new Set(['ALFRESCO_URL', 'ALFRESCO_USERNAME', 'ALFRESCO_PASSWORD', 'USERS_FILE']);
const WIDTH = 120;

/**
 * The two files as they have to be: the page with its tables of variables written anew, and the example.
 *
 * @returns text by path
 */
export async function configurationFiles(source: Source): Promise<Record<string, string>> {
  const groups = groupsOf(source);
  let page = await readFile(PAGE, 'utf8');
  for (const [heading, variables] of groups) page = withTable(page, heading, variables);
  const options = await resolveConfig(PAGE);
  return {
    [PAGE]: await format(page, { ...options, parser: 'markdown' }),
    [EXAMPLE]: exampleOf(groups),
  };
}

function groupsOf({ Environment, FILE_VARIABLES, VARIABLES }: Source): [string, Variable[]][] {
  const defaults = new Map<string, unknown>(Object.entries(new Environment()));
  const ofFiles: readonly string[] = FILE_VARIABLES;
  return Object.entries(VARIABLES).map(([heading, group]) => [
    heading,
    Object.entries(group).map(([name, description]) => {
      const inForce = defaults.get(name);
      return {
        name,
        description,
        default: inForce === undefined ? undefined : `${inForce as string | number}`,
        ofFile: ofFiles.includes(name),
      };
    }),
  ]);
}

/** Replaces the table below a heading. */
function withTable(page: string, heading: string, variables: readonly Variable[]): string {
  const start = page.indexOf('\n| variable', page.indexOf(`\n## ${heading}\n`)) + 1;
  const end = page.indexOf('\n\n', start);
  const rows = variables.map(({ name, default: inForce, description }) => {
    const { value, meaning, choices = {}, otherwise = 'none', example } = description;
    // Paths and values that are listed explain themselves.
    const isShown = example !== undefined && inForce === undefined && !/`|file/.test(value);
    const cells = [
      `\`${name}\``,
      inForce === undefined ? otherwise : `\`${inForce}\``,
      isShown ? `${value}, e.g. \`${example}\`` : value,
      [meaning, ...Object.entries<string>(choices).map(([it, what]) => `\`${it}\`: ${what}`)].join(
        '<br>',
      ),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = ['| variable | default | value | meaning |', '| - | - | - | - |', ...rows];
  return page.slice(0, start) + table.join('\n') + page.slice(end);
}

function exampleOf(groups: readonly [string, readonly Variable[]][]): string {
  const introduction = comment(
    'Configuration of alfresco-downloads-bff. Copy it to .env, which is read at the start if it exists, or set the variables in the environment, which takes precedence. An empty value counts as not set. An invalid or missing value prevents the start, with one message that lists all errors (exit code 78).',
  );
  const sections = groups.flatMap(([heading, variables]) => [
    `# --- ${heading} `.padEnd(100, '-'),
    ...variables.map(linesOf),
  ]);
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

function linesOf({ name, default: inForce, description, ofFile }: Variable): string {
  const { value, meaning, choices = {}, otherwise = 'none', example = inForce ?? '' } = description;
  const column = Math.max(...Object.keys(choices).map((choice) => choice.length)) + 2;
  const each = Object.entries<string>(choices).map(([choice, what]) =>
    comment(choice.padEnd(column) + plain(what), ' '.repeat(column)),
  );
  const values = each.length > 0 ? '' : `Value: ${plain(value)}. `;
  // The backticks keep a blank together.
  const standard = inForce?.includes(' ') ? `\`${inForce}\`` : (inForce ?? otherwise);
  return [
    comment(`${capitalized(plain(meaning))}.`),
    ...each,
    `# ${values}${standard === 'required' ? 'Required.' : `Default: ${standard}`}`,
    `${TO_EDIT.has(name) ? '' : '#'}${name}=${example}`,
    ...(ofFile ? [`#${name}_FILE=/run/secrets/${name.toLowerCase()}`] : []),
  ].join('\n');
}

/** Markdown as plain text: a link becomes the path of the page. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/See \[[^\]]+\]\(([^)]+)\)/g, 'See docs/$1')
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, '$1 (docs/$2)')
    .replaceAll('`', '');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lines of a comment, broken between words. */
function comment(text: string, indent = ''): string {
  const lines = ['#'];
  for (const word of text.split(/(?<! ) (?! )/)) {
    const line = `${lines.at(-1)!} ${word}`;
    if (line.length <= WIDTH) lines[lines.length - 1] = line;
    else lines.push(`# ${indent}${word}`);
  }
  return lines.join('\n');
}

if (import.meta.main) {
  const folder = new URL('../dist/config/', import.meta.url).href;
  const source = {
    ...((await import(`${folder}environment.js`)) as Source),
    ...((await import(`${folder}variable-descriptions.js`)) as Source),
  };
  for (const [path, text] of Object.entries(await configurationFiles(source))) {
    await writeFile(path, text);
  }
}
