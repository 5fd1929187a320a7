import { readFileSync } from 'node:fs';
import { before } from '@nestjs/swagger/plugin';
import ts from 'typescript';

/** Options of the plugin, which `nest start` reads there, too. */
interface NestCli {
  readonly compilerOptions: {
    readonly plugins: readonly [{ readonly options: Record<string, unknown> }];
  };
}

/**
 * What `tsc -p tsconfig.build.json --outDir DIR` does, with the plugin of `@nestjs/swagger`, which `tsc` cannot load: DTOs get
 * their types, and their doc comments as descriptions, into the OpenAPI document.
 *
 * @returns the errors, as `tsc` prints them; empty when it has compiled
 */
function compile(outDir: string): string {
  const { compilerOptions } = JSON.parse(readFileSync('nest-cli.json', 'utf8')) as NestCli;
  const [{ options }] = compilerOptions.plugins;
  const config = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.build.json',
    { outDir },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  if (!config) return 'tsconfig.build.json cannot be read';
  const program = ts.createProgram(config.fileNames, config.options);
  const found = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (found.length === 0) {
    const transformers = { before: [before(options, program)] };
    found.push(...program.emit(undefined, undefined, undefined, false, transformers).diagnostics);
  }
  return ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
    getNewLine: () => '\n',
  });
}

const [, , outDir = 'dist'] = process.argv;
const errors = compile(outDir);
if (errors !== '') {
  console.log(errors);
  process.exitCode = 1;
}
