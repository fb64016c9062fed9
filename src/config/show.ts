import { stringify } from 'yaml';
import { readDocument } from './document.ts';
import { describeProblems, parseConfig } from './load.ts';
import { configSchema } from './schema.ts';

/**
 * What is in force, as it would be written in the file: in the file's own words, with every default. Of a secret it holds the path
 * of its file. It loads again to the very same configuration.
 *
 * @throws AppError invalid_config with every problem
 */
export function effectiveFile(path: string, text: string): object {
  const result = parseConfig(text);
  if (!result.ok) throw describeProblems(path, result.problems);
  const read = readDocument(text);
  if (!read.ok) throw describeProblems(path, read.problems);
  return configSchema.parse(read.document.value);
}

/** As YAML that this program reads: no anchors, and nothing broken over lines. */
export function asYaml(file: object): string {
  return stringify(file, { schema: 'core', aliasDuplicateObjects: false, lineWidth: 0 }).trimEnd();
}
