import type { Fact } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';
import { field } from './answer.ts';
import { isCount, isText, readArray, readFact } from './read-fact.ts';
import type { Reader } from './settings-reader.ts';

/** An entry of a folder of the default branch. */
export interface Entry {
  readonly name: string;
  readonly isFile: boolean;
  /** Bytes. */
  readonly size: number;
}

const PERMISSION = 'contents:read';
/** GitHub lists no more than so many entries of a folder, and does not say that there are more. */
const MOST_ENTRIES = 1000;
const EMPTY = /^This repository is empty/i;

/** @returns the words of GitHub's 404 where there is no such path, or it is not shown */
type Listing = Fact<readonly Entry[] | { readonly missing: string }>;

/** Folders of the default branch: GET …/contents/{path}, which takes that branch where none is named. Each is read once. */
export interface Folders {
  /** Empty where it is known not to exist. */
  readonly list: (path: string) => Promise<Fact<readonly Entry[]>>;
}

export function openFolders(reader: Reader): Folders {
  const listings = new Map<string, Promise<Listing>>();
  const raw = (path: string): Promise<Listing> => {
    const listing = listings.get(path) ?? readFolder(reader, path);
    listings.set(path, listing);
    return listing;
  };
  const list: Folders['list'] = async (path) => {
    const listing = await raw(path);
    if (!listing.known) return listing;
    if (!('missing' in listing.value)) return known(listing.value);
    if (EMPTY.test(listing.value.missing)) return known([]);
    if (path === '') return reader.notShown(folder(reader, path));
    // A 404 is also what GitHub answers where the token may not look: the folder above has to be seen without it.
    const above = await list(parent(path));
    if (!above.known) return above;
    const there = above.value.some(({ name }) => name === path.slice(path.lastIndexOf('/') + 1));
    return there ? reader.notShown(folder(reader, path)) : known([]);
  };
  return { list };
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function folder({ repo }: Reader, path: string): { what: string; permission: string } {
  return {
    what: path === '' ? `the files of ${repo}` : `the folder ${path} of ${repo}`,
    permission: PERMISSION,
  };
}

async function readFolder(reader: Reader, path: string): Promise<Listing> {
  const wanted = folder(reader, path);
  const listing = await readFact<readonly Entry[] | { readonly missing: string }>(
    reader,
    wanted,
    (octokit, request) => octokit.repos.getContent({ ...reader.place, path, request }),
    // A file in the place of the folder holds nothing.
    (body) => (field(body, 'type') === 'file' ? [] : readArray(body, parseEntry)),
    (missing) => known({ missing }),
  );
  if (!listing.known || 'missing' in listing.value || listing.value.length < MOST_ENTRIES) return listing;
  return unavailable('unreachable', `${wanted.what} has more entries than GitHub lists`);
}

/** Schema `content-directory`. Sizes of folders are 0. */
function parseEntry(entry: unknown): Entry | undefined {
  const name = field(entry, 'name');
  const type = field(entry, 'type');
  const size = field(entry, 'size');
  if (!isText(name) || /^\.{1,2}$|\//.test(name) || !isText(type) || !isCount(size)) return undefined;
  return { name, isFile: type === 'file', size };
}

/** The text of one file, as UTF-8 (schema `content-file`, base64). One that has gone since the folder was listed is settling. */
export function readText(reader: Reader, path: string): Promise<Fact<string>> {
  const what = `the file ${path} of ${reader.repo}`;
  return readFact(
    reader,
    { what, permission: PERMISSION },
    (octokit, request) => octokit.repos.getContent({ ...reader.place, path, request }),
    parseFile,
    () => unavailable('settling', `GitHub lists ${what} and does not show it: try again later`),
  );
}

function parseFile(body: unknown): string | undefined {
  const content = field(body, 'content');
  if (field(body, 'type') !== 'file' || field(body, 'encoding') !== 'base64') return undefined;
  if (typeof content !== 'string') return undefined;
  const bytes = Buffer.from(content, 'base64');
  const whole = bytes.toString('base64') === content.replaceAll(/\s/g, '');
  return whole && bytes.length === field(body, 'size') ? new TextDecoder().decode(bytes) : undefined;
}
