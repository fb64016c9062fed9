import type { Declaration, NewVersion } from '../domain/credential.ts';

/** A credential to be declared and, where a date of it is known, to be recorded. */
export interface Entry {
  readonly declaration: Declaration;
  readonly version: NewVersion | undefined;
  /** Why there is no version, in words; undefined: there is one. */
  readonly undated: string | undefined;
}

export interface NewOwner {
  readonly name: string;
  readonly email: string;
}

/** What is to be imported, whatever it was read from. */
export interface Source {
  readonly entries: readonly Entry[];
  /** Owners that are not declared yet, and that entries name. */
  readonly owners: readonly NewOwner[];
  /** What was found and is no entry, each with what can be done. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  readonly unread: readonly { readonly where: string; readonly reason: string }[];
}

/** The declared owners, and the new ones that mail addresses make. */
export interface Owners {
  /** @returns the name of the owner; undefined: there is none of that name */
  find(nameOrAddress: string): string | undefined;
  readonly names: readonly string[];
  readonly added: readonly NewOwner[];
}

/** A mail address is that of a declared owner, or makes an owner that is called by what stands before the @. */
export function openOwners(declared: readonly NewOwner[]): Owners {
  const byName = new Set(declared.map(({ name }) => name));
  const byAddress = new Map(declared.map(({ name, email }) => [email.toLowerCase(), name]));
  const added: NewOwner[] = [];
  const add = (email: string): string => {
    const name = freeName(email, byName);
    byName.add(name);
    byAddress.set(email.toLowerCase(), name);
    added.push({ name, email });
    return name;
  };
  return {
    find: (cell) => {
      if (!cell.includes('@')) return byName.has(cell) ? cell : undefined;
      return byAddress.get(cell.toLowerCase()) ?? add(cell);
    },
    names: declared.map(({ name }) => name),
    added,
  };
}

function freeName(email: string, taken: ReadonlySet<string>): string {
  const plain = (email.split('@')[0] ?? '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 56);
  const name = plain === '' ? 'owner' : plain;
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
  return free;
}
