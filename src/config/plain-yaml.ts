import { parse } from 'yaml';

/**
 * The plain value of somebody else's YAML, such as a workflow: anchors, merge keys and tags are theirs to use.
 *
 * @returns undefined where it is no YAML
 */
export function parsePlainYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent', maxAliasCount: 100, merge: true, prettyErrors: false });
  } catch {
    return undefined;
  }
}
