import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import GithubSlugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';

/** A block of code with its info string. */
export interface Fence {
  readonly language: string;
  readonly text: string;
}

/** The cells of a table as text, with backticks. The first row is the header. */
export type Table = readonly (readonly string[])[];

const PARSER = new MarkdownIt({ html: true });

/** A document of this repository, as GitHub renders it. */
export class MarkdownDocument {
  /** Valid fragments of links to this document. */
  readonly anchors: readonly string[];
  readonly links: readonly string[];
  /** Code within the text. */
  readonly codes: readonly string[];
  readonly fences: readonly Fence[];
  readonly tables: readonly Table[];

  constructor(
    readonly path: string,
    text: string,
  ) {
    const tokens = PARSER.parse(text, {});
    const inline = tokens.flatMap(({ children }) => children ?? []);
    const slugger = new GithubSlugger();
    this.anchors = tokens
      .filter((_token, index) => tokens[index - 1]?.type === 'heading_open')
      .map((heading) => slugger.slug(textOf(heading)));
    this.links = inline
      .map((token) => token.attrGet('href') ?? token.attrGet('src'))
      .filter((target) => typeof target === 'string');
    this.codes = inline.filter(({ type }) => type === 'code_inline').map(({ content }) => content);
    this.fences = tokens
      .filter(({ type }) => type === 'fence')
      .map(({ info, content }) => ({ language: info.trim(), text: content }));
    this.tables = tablesOf(tokens);
  }

  static async read(path: string): Promise<MarkdownDocument> {
    return new MarkdownDocument(path, await readFile(path, 'utf8'));
  }

  /** Rows of the tables whose header begins with these cells. */
  rows(...head: readonly string[]): Table {
    return this.tables
      .filter(([first = []]) => head.every((cell, index) => cell === first[index]))
      .flatMap(([, ...rows]) => rows);
  }

  /** All that is code. */
  get allCode(): string {
    return [...this.codes, ...this.fences.map(({ text }) => text)].join('\n');
  }
}

/** All documents of this repository. */
export async function allDocuments(): Promise<MarkdownDocument[]> {
  const paths = globSync(
    ['*.md', '{bench,client,demo,deploy,docs,examples,sandbox,test}/**/*.md'],
    {
      exclude: (path) => path.includes('node_modules'),
    },
  );
  return Promise.all(paths.toSorted().map((path) => MarkdownDocument.read(path)));
}

/** Names in backticks in a cell. */
export function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** The text of a cell without backticks and escapes. */
export function renderedText(cell: string): string {
  return textOf(PARSER.parseInline(cell, {})[0]!);
}

function textOf({ children }: Token): string {
  return (children ?? []).map(({ content }) => content).join('');
}

function tablesOf(tokens: readonly Token[]): Table[] {
  const tables: string[][][] = [];
  for (const [index, { type }] of tokens.entries()) {
    if (type === 'table_open') tables.push([]);
    else if (type === 'tr_open') tables.at(-1)!.push([]);
    else if (type === 'th_open' || type === 'td_open') {
      tables
        .at(-1)!
        .at(-1)!
        .push(tokens[index + 1]!.content);
    }
  }
  return tables;
}
