import { readFileSync, readdirSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** A file of the page as sent to browsers. */
export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

const TYPES: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.html$/, 'text/html; charset=utf-8'],
  [/\.css$/, 'text/css; charset=utf-8'],
  // Served under their own names, so that imports within a folder need no rewriting.
  [/(?<!\.spec|\.fixture)\.ts$/, 'text/javascript; charset=utf-8'],
];

/** An import of the client or its element, which browsers find only by its path. */
const CLIENT_IMPORT = /(?<=(?:from|import) ')alfresco-downloads-client(\/element)?(?=')/g;

/**
 * The files of a page, with types stripped from TypeScript, so that nothing needs to be built.
 *
 * @param client path of the client's modules
 */
export function pageFiles(folder: string, client: string): PageFile[] {
  return readdirSync(folder).flatMap((name) => {
    const type = TYPES.find(([ending]) => ending.test(name))?.[1];
    if (type === undefined) return [];
    const text = readFileSync(join(folder, name), 'utf8');
    if (!name.endsWith('.ts')) return [{ name, type, text }];
    const script = stripTypeScriptTypes(text).replace(
      CLIENT_IMPORT,
      (_import, element?: string) => `${client}${element ?? '/index'}.ts`,
    );
    return [{ name, type, text: script }];
  });
}
