import type { z } from 'zod';
import type { Mismatch } from './fields.ts';
import { sentence } from './fields.ts';
import type { Complaint, Path } from './place.ts';
import { configJsonSchema } from './schema.ts';

/** Words for what the declaration leaves to zod: maps, and anything unforeseen. */
export function describeIssue(issue: Mismatch): string {
  const map = issue.expected === 'object' || issue.expected === 'record';
  return sentence(map ? 'a map of options, each as name: value' : 'another value')(issue);
}

export function issueComplaints(issues: readonly z.core.$ZodIssue[]): readonly Complaint[] {
  const misnamed = issues.some((issue) => issue.code === 'unrecognized_keys');
  const schema: SchemaNode = misnamed ? configJsonSchema() : {};
  return issues.flatMap((issue): readonly Complaint[] => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    if (issue.code !== 'unrecognized_keys') return [{ path, at: 'value', message: issue.message }];
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: unknownKey(key, known) }));
  });
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
}

function knownKeys(schema: SchemaNode, path: Path): readonly string[] {
  let node: SchemaNode | undefined = schema;
  for (const part of path) {
    const named: SchemaNode | undefined = node?.properties?.[part];
    node = named ?? (typeof part === 'number' ? node?.items : node?.additionalProperties || undefined);
  }
  return Object.keys(node?.properties ?? {});
}

const SECRET_WORD =
  /token|passw|passphrase|secret|credential|api[-_]?key|private[-_]?key|^(pass|key|value)$/i;

function unknownKey(key: string, known: readonly string[]): string {
  const fromFile = known.find((name) => name === `${key.toLowerCase()}-file`);
  if (fromFile) return `unknown key: write "${fromFile}" with the path of a file that holds it`;
  const nearest = nearestKey(key, known);
  if (nearest) return `unknown key: did you mean "${nearest}"?`;
  const file = known.find((name) => name.endsWith('-file')) ?? '…-file';
  if (SECRET_WORD.test(key)) return `unknown key: a secret stands in a file of its own ("${file}")`;
  return `unknown key: expected ${known.join(', ')}`;
}

function nearestKey(key: string, known: readonly string[]): string | undefined {
  if (key.length > 40) return undefined;
  const near = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase().replaceAll('_', '-'), name) }))
    .filter(({ name, distance }) => distance <= Math.min(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** Letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
