import { join, resolve } from 'node:path';
import { run } from './whole-job.js';

const VERSION = '7.25.0';

/** Programs needed to install and run it. */
export const NEEDED = ['java', 'mvn'] as const;

/** openapi-generator, which generates clients from OpenAPI documents. */
export class OpenApiGenerator {
  private constructor(private readonly jar: string) {}

  static async install(directory: string): Promise<OpenApiGenerator> {
    const artifact = `org.openapitools:openapi-generator-cli:${VERSION}`;
    const options = [`-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`];
    await run('mvn', ['--batch-mode', '--quiet', 'dependency:copy', ...options]);
    return new OpenApiGenerator(join(directory, `openapi-generator-cli-${VERSION}.jar`));
  }

  /** Generates a client in `directory`, without the generator's empty tests. */
  async generate(
    generator: string,
    document: string,
    directory: string,
    options: readonly string[] = [],
  ): Promise<void> {
    const input = ['--input-spec', resolve(document), '--output', directory];
    const left = ['apiTests', 'modelTests', 'apiDocs', 'modelDocs'].map((part) => `${part}=false`);
    const output = ['--global-property', left.join(',')];
    const command = ['generate', '--generator-name', generator, ...input, ...output, ...options];
    await run('java', ['-jar', this.jar, ...command]);
  }
}
