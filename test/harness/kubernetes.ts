import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load, loadAll } from 'js-yaml';
import ts from 'typescript';

/** A Kubernetes object as written in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
}

const FOLDER = 'deploy/kubernetes';

/** What `kubectl apply -k deploy/kubernetes` sends to the cluster. */
export async function builtManifests(): Promise<Manifest[]> {
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', FOLDER]);
  return loadAll(stdout) as Manifest[];
}

/** A manifest that kustomize omits by default. */
export async function optionalManifest(name: string): Promise<Manifest> {
  return load(await readFile(join(FOLDER, name), 'utf8')) as Manifest;
}

/**
 * TypeScript's errors for the manifests as values of their types. Unlike the schemas, types reject unknown fields, as the
 * API server does.
 *
 * @param types for each manifest, the module and the name of its type
 */
export function wrongFields(
  manifests: readonly Manifest[],
  types: readonly (readonly [module: string, type: string])[],
): string[] {
  const lines = manifests.map((manifest, index) => {
    const [module, type] = types[index]!;
    return `${JSON.stringify(manifest)} satisfies import('${module}').${type},`;
  });
  const path = join(process.cwd(), 'manifests.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === path
      ? ts.createSourceFile(name, `export default [\n${lines.join('\n')}\n];`, version)
      : readSource(name, version);
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
