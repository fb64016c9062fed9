import type { LineCounter, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { ConfigProblem } from './config.ts';
import type { Complaint, Path } from './place.ts';
import { atTop, formatPath, lineAndColumn } from './place.ts';
import { looksLikeSecret } from './secrecy.ts';
import { parseYaml } from './syntax.ts';

/** What the file says as plain values, and where it says it. Maps have no prototype, so that no key is special. */
interface Document {
  readonly value: unknown;
  /** What YAML allows and this file does not: a key twice, aliases, tags; and anything that looks like a secret. */
  readonly problems: readonly ConfigProblem[];
  /** Finds a complaint's line and column. Where its path is not written, those of the nearest part that is. */
  readonly place: (complaint: Complaint) => ConfigProblem;
}

type DocumentResult =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export function readDocument(text: string): DocumentResult {
  const parsed = parseYaml(text);
  if (!parsed.ok) return parsed;
  if (!isMap(parsed.root)) {
    return { ok: false, problems: [atTop('expected a map of options, such as "version: 1"')] };
  }
  return { ok: true, document: new Reader(parsed.lines).read(parsed.root) };
}

const MAX_DEPTH = 20;
const NO_ALIAS = 'aliases (*name) are not used in this file: write the value out';
const NO_ANCHOR = 'anchors (&name) are not used in this file: write the value out where it is needed';
const NO_TAG = 'tags (!name) are not used in this file: remove it';
const NO_SECRET =
  'this looks like a secret: keep it in a file of its own and name that file in a "…-file" option';

interface Offsets {
  readonly key: number;
  readonly value: number;
}

/** Where the members of a map or a list stand. */
type Places = Map<string | number, Offsets>;

class Reader {
  readonly #lines: LineCounter;
  readonly #problems: ConfigProblem[] = [];
  readonly #places = new WeakMap<object, Places>();

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(root: YAMLMap): Document {
    const value = this.#value(root, [], offsetOf(root) ?? 0);
    const place = (complaint: Complaint) => ({
      ...lineAndColumn(this.#lines, this.#find(value, complaint)),
      path: formatPath(complaint.path),
      message: complaint.message,
    });
    return { value, problems: this.#problems, place };
  }

  #find(root: unknown, { path, at }: Complaint): number {
    let value = root;
    let found: Offsets | undefined;
    for (const part of path) {
      const places = typeof value === 'object' && value !== null ? this.#places.get(value) : undefined;
      const next = places?.get(part);
      if (!next) return found?.key ?? 0;
      found = next;
      value = (value as Record<string | number, unknown>)[part];
    }
    return found?.[at] ?? 0;
  }

  #value(node: unknown, path: Path, offset: number): unknown {
    if (isAlias(node)) return this.#refuse(offset, path, NO_ALIAS);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
    if (node.anchor !== undefined) this.#refuse(offset, path, NO_ANCHOR);
    if (node.tag !== undefined) this.#refuse(offset, path, NO_TAG);
    if (isScalar(node)) return this.#scalar(node.value, path, offset);
    if (path.length >= MAX_DEPTH) return this.#refuse(offset, path, 'nested too deep');
    return isMap(node) ? this.#map(node, path) : this.#list(node, path);
  }

  #scalar(value: unknown, path: Path, offset: number): unknown {
    if (typeof value === 'string' && looksLikeSecret(value)) this.#refuse(offset, path, NO_SECRET);
    return Object.is(value, -0) ? 0 : value; // JSON knows one zero
  }

  #map(node: YAMLMap, path: Path): unknown {
    const map: Record<string, unknown> = Object.create(null);
    const places: Places = new Map();
    this.#places.set(map, places);
    for (const { key, value } of node.items) {
      const start = offsetOf(key) ?? offsetOf(node) ?? 0;
      const name = this.#key(key, start, path, places);
      if (name === undefined) continue;
      const offset = isEmpty(value) ? start : (offsetOf(value) ?? start);
      places.set(name, { key: start, value: offset });
      if (name !== '__proto__') map[name] = this.#value(value, [...path, name], offset);
    }
    return map;
  }

  /** @returns undefined for a key whose value cannot be taken */
  #key(key: unknown, offset: number, path: Path, places: Places): string | undefined {
    const name = isScalar(key) && key.anchor === undefined && key.tag === undefined ? key.source : undefined;
    if (name === undefined) {
      this.#refuse(offset, path, 'expected a plain name in front of the ":", such as version');
      return undefined;
    }
    const first = places.get(name);
    if (first) {
      const { line } = lineAndColumn(this.#lines, first.key);
      this.#refuse(offset, [...path, name], `written twice: the first is on line ${line}`);
      return undefined;
    }
    if (name === '__proto__') this.#refuse(offset, [...path, name], 'this name is not allowed here');
    if (looksLikeSecret(name)) this.#refuse(offset, [...path, name], NO_SECRET);
    return name;
  }

  #list(node: YAMLSeq, path: Path): unknown {
    const places: Places = new Map();
    const list = node.items.map((item, index) => {
      const offset = offsetOf(item) ?? offsetOf(node) ?? 0;
      places.set(index, { key: offset, value: offset });
      return this.#value(item, [...path, index], offset);
    });
    this.#places.set(list, places);
    return list;
  }

  #refuse(offset: number, path: Path, message: string): null {
    this.#problems.push({ ...lineAndColumn(this.#lines, offset), path: formatPath(path), message });
    return null;
  }
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function isEmpty(node: unknown): boolean {
  return !isNode(node) || (isScalar(node) && node.value === null && node.source === '');
}
