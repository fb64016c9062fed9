import fc from 'fast-check';

type Path = readonly (string | number)[];

/** What a registry could send in place of any part of a document. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  '',
  ' ',
  '0',
  '__proto__',
  'constructor',
  '..',
  '../../../etc/passwd',
  '?per_page=100',
  'https://example.org/',
  '2026-02-30T00:00:00Z',
  '9999-99-99',
  'a\u001b[31mb',
  '\u202egnp',
  'A'.repeat(5_000),
  'AAAA',
  [],
  [null],
  [[]],
  {},
  { url: null },
  { length: 3 },
];

/** The texts of JSON documents that differ from this one in one to three places, or break off. */
export function mutatedJson(document: unknown): fc.Arbitrary<string> {
  const change = fc.record({
    path: fc.constantFrom(...pathsOf(document)),
    to: fc.oneof(
      { arbitrary: fc.constantFrom(...STRANGE), weight: 4 },
      { arbitrary: fc.jsonValue(), weight: 2 },
      { arbitrary: fc.constant(undefined), weight: 2 },
    ),
  });
  const changed = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy: unknown = structuredClone(document);
    return (
      JSON.stringify(
        changes.reduce((before, { path, to }) => replaced(before, path, structuredClone(to)), copy),
      ) ?? ''
    );
  });
  const cut = fc.nat(200).map((end) => JSON.stringify(document).slice(0, end));
  return fc.oneof({ arbitrary: changed, weight: 9 }, { arbitrary: cut, weight: 1 });
}

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...entries.flatMap(([key, part]) => pathsOf(part, [...at, key]))];
}

/** Undefined takes the part away; a path that an earlier change cut off changes nothing. */
function replaced(document: unknown, path: Path, to: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  if (typeof document !== 'object' || document === null) return document;
  const parts = document as Record<string | number, unknown>;
  if (rest.length > 0) parts[key] = replaced(parts[key], rest, to);
  else if (to === undefined) delete parts[key];
  else parts[key] = to;
  return parts;
}
