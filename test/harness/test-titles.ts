import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Modifiers between the name of a test function and its arguments: `it.for(...)('title', ...)`. */
const MODIFIERS = [
  'concurrent',
  'each',
  'fails',
  'for',
  'only',
  'runIf',
  'sequential',
  'skip',
  'skipIf',
  'todo',
];
/** Also `describeWithRedis` and the like. */
const SUITE = /^(?:describe|suite)/;
const TESTS = ['it', 'test'];
const HOOK = /^(?:before|after|around|on)(?:All|Each|Test\w+)$/;

/** A function that collects tests, and the file that it is declared in. */
interface Collector {
  readonly body: ts.Node;
  readonly file: SourceFile;
}

/**
 * Titles of the tests of a file as written, each after those of its suites: `suite > test`. Nothing is run: placeholders
 * (`%s`, `$name`, `${name}`) stay as they are. Tests that the file defines by calling a function, declared in it or
 * imported, are included.
 */
export function testTitles(path: string): string[] {
  return titlesIn(SourceFile.read(path));
}

/** The same for source text. */
export function testTitlesIn(text: string, path = 'text.ts'): string[] {
  return titlesIn(new SourceFile(path, text));
}

function titlesIn(file: SourceFile): string[] {
  const titles: string[] = [];
  collect(file.source, file, [], [], titles);
  return [...new Set(titles)];
}

function collect(
  node: ts.Node,
  file: SourceFile,
  suites: readonly string[],
  /** Bodies of the functions on the call path, to stop at recursion. */
  callers: readonly ts.Node[],
  titles: string[],
): void {
  const visitChildren = (of: ts.Node, within = suites) =>
    ts.forEachChild(of, (child) => collect(child, file, within, callers, titles));
  // Function bodies are visited where they are called.
  if (ts.isFunctionDeclaration(node)) return;
  if (ts.isVariableDeclaration(node) && node.initializer && isFunction(node.initializer)) return;
  if (!ts.isCallExpression(node)) return visitChildren(node);

  if (HOOK.test(lastName(node.expression))) return;

  const name = calledName(node.expression);
  const [first] = node.arguments;
  const body = node.arguments.find(isFunction);
  if (first !== undefined && name !== undefined) {
    if (SUITE.test(name)) {
      if (body) visitChildren(body, [...suites, titleOf(first)]);
      return;
    }
    const isTest = TESTS.includes(name) || (body !== undefined && file.declares(name));
    if (isTest && isTitle(first)) titles.push([...suites, titleOf(first)].join(' > '));
    if (isTest && !file.functionNamed(name)) return;
  }
  const collector = name === undefined ? undefined : file.functionNamed(name);
  if (collector && !callers.includes(collector.body)) {
    collect(collector.body, collector.file, suites, [...callers, collector.body], titles);
  }
  visitChildren(node);
}

/** `extend` of `it.extend(...)`. */
function lastName(callee: ts.Expression): string {
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : '';
}

/** The name in `name(...)`, `name.modifier(...)`, `name.for(...)(...)` and ``name.each`...`(...)``. */
function calledName(callee: ts.Expression): string | undefined {
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isPropertyAccessExpression(callee)) {
    return MODIFIERS.includes(callee.name.text) ? calledName(callee.expression) : undefined;
  }
  if (ts.isCallExpression(callee)) {
    return ts.isPropertyAccessExpression(callee.expression)
      ? calledName(callee.expression)
      : undefined;
  }
  return ts.isTaggedTemplateExpression(callee) ? calledName(callee.tag) : undefined;
}

const isFunction = (node: ts.Node): node is ts.ArrowFunction | ts.FunctionExpression =>
  ts.isArrowFunction(node) || ts.isFunctionExpression(node);

const isTitle = (node: ts.Expression): boolean =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && isTitle(node.left));

/** The text of a literal; expressions become placeholders. */
function titleOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      ({ expression, literal }) => `\${${expression.getText()}}${literal.text}`,
    );
    return node.head.text + spans.join('');
  }
  if (ts.isBinaryExpression(node)) return titleOf(node.left) + titleOf(node.right);
  return `\${${node.getText()}}`;
}

const files = new Map<string, SourceFile>();

/** A test module and its declarations. */
class SourceFile {
  readonly source: ts.SourceFile;
  private readonly functions = new Map<string, ts.Node>();
  private readonly variables = new Set<string>();
  private readonly imports = new Map<string, { readonly path: string; readonly name: string }>();

  constructor(
    private readonly path: string,
    text: string,
  ) {
    this.source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    this.readDeclarations(this.source);
  }

  static read(path: string): SourceFile {
    const known = files.get(path) ?? new SourceFile(path, readFileSync(path, 'utf8'));
    files.set(path, known);
    return known;
  }

  /** Whether the name is declared here or imported. */
  declares(name: string): boolean {
    return this.variables.has(name) || this.functions.has(name) || this.imports.has(name);
  }

  /** A function that is declared here or imported from another file. */
  functionNamed(name: string): Collector | undefined {
    const body = this.functions.get(name);
    if (body) return { body, file: this };
    const imported = this.imports.get(name);
    if (!imported || !existsSync(imported.path)) return undefined;
    return SourceFile.read(imported.path).functionNamed(imported.name);
  }

  private readDeclarations(node: ts.Node): void {
    if (ts.isFunctionDeclaration(node) && node.name && node.body) {
      this.functions.set(node.name.text, node.body);
    }
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      const { initializer, name } = node;
      this.variables.add(name.text);
      if (isFunction(initializer)) this.functions.set(name.text, initializer.body);
    }
    if (ts.isImportDeclaration(node)) this.readImports(node);
    ts.forEachChild(node, (child) => this.readDeclarations(child));
  }

  private readImports({ importClause, moduleSpecifier }: ts.ImportDeclaration): void {
    const { text } = moduleSpecifier as ts.StringLiteral;
    const bindings = importClause?.namedBindings;
    if (!text.startsWith('.') || !bindings || !ts.isNamedImports(bindings)) return;
    const path = join(dirname(this.path), text.replace(/\.js$/, '.ts'));
    for (const { name, propertyName } of bindings.elements) {
      this.imports.set(name.text, { path, name: (propertyName ?? name).text });
    }
  }
}
