import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const MARKED = /^<!-- bench((?: [a-z]+)*) -->\n([\s\S]*?)^<!-- \/bench -->$/gm;

/** A place in a document where a table stands as it was printed: between `<!-- bench NAME… -->` and `<!-- /bench -->`. */
export interface Place {
  /** Relative to the project. */
  readonly file: string;
  /** Of benchmarks; none: all of them. */
  readonly names: readonly string[];
  readonly text: string;
}

function documents(): readonly string[] {
  return ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  );
}

const split = (names: string) => names.split(' ').filter((name) => name !== '');

/** Every place in README.md and docs/. */
export function findPlaces(): readonly Place[] {
  return documents().flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(MARKED)].map(([, names = '', text = '']) => ({
      file,
      names: split(names),
      text,
    })),
  );
}

/** Puts into each place what `print` has for it; leaves the place alone where that is nothing. @returns the files written */
export function fillPlaces(print: (names: readonly string[]) => string | undefined): readonly string[] {
  return documents().filter((file) => {
    const path = join(ROOT, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(MARKED, (all, names: string) => {
      const text = print(split(names));
      return text === undefined ? all : `<!-- bench${names} -->\n${text}\n<!-- /bench -->`;
    });
    if (after !== before) writeFileSync(path, after);
    return after !== before;
  });
}
