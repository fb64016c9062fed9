import type { Config } from '../config/config.ts';
import { formatForPeople } from '../domain/calendar.ts';
import type { Declaration, Destination, Version } from '../domain/credential.ts';
import { sameDestination } from '../domain/credential.ts';
import type { Expiry } from '../domain/expiry.ts';
import type { Entry, NewOwner, Source } from './import-entry.ts';

/** What an import would do, and what it leaves alone. */
export interface ImportPlan {
  /** Not declared yet. */
  readonly added: readonly Entry[];
  /** Declared with them. */
  readonly owners: readonly NewOwner[];
  /** Whose version is to be recorded: of those, and of what is declared and has none. */
  readonly recorded: readonly Entry[];
  readonly skipped: readonly Skipped[];
  readonly unread: Source['unread'];
}

interface Skipped {
  readonly name: string;
  readonly reason: string;
  /** False: it is as it should be. */
  readonly needsPerson: boolean;
}

/**
 * Compares what is to be imported with what is declared and recorded. Nothing that is there is changed.
 *
 * @param currentOf the latest recorded version of a credential
 */
export function planImport(
  source: Source,
  config: Config,
  currentOf: (name: string) => Version | undefined,
): ImportPlan {
  const declared = new Map(config.credentials.map((declaration) => [declaration.name, declaration]));
  const added = source.entries.filter(({ declaration }) => !declared.has(declaration.name));
  const skipped: Skipped[] = source.leftOut.map((one) => ({ ...one, needsPerson: true }));
  const recorded: Entry[] = [];
  for (const entry of source.entries) {
    const { name } = entry.declaration;
    const verdict = judge(entry, declared.get(name), currentOf(name));
    if (verdict === 'record') recorded.push(entry);
    else skipped.push({ name, ...verdict });
  }
  const named = new Set(added.map(({ declaration }) => declaration.owner));
  return {
    added,
    owners: source.owners.filter(({ name }) => named.has(name)),
    recorded,
    skipped,
    unread: source.unread,
  };
}

function judge(
  { declaration, version, undated }: Entry,
  declared: Declaration | undefined,
  current: Version | undefined,
): 'record' | Omit<Skipped, 'name'> {
  const others = declared ? contradictions(declaration, declared) : [];
  if (others.length > 0) {
    const reason = `declared already, with another ${others.join(' and ')}: the configuration stays as it is`;
    return { reason, needsPerson: true };
  }
  if (current) {
    if (!version || sameExpiry(version.expiry, current.expiry))
      return {
        reason: `${declared ? 'declared already' : 'declared'}, and version ${current.version} is recorded`,
        needsPerson: false,
      };
    const reason = `version ${current.version} is recorded, ${describe(current.expiry)}, and not ${describe(version.expiry)}: where that is wrong, say so with: reseal record ${declaration.name}`;
    return { reason, needsPerson: version.expiry.source !== 'estimated' };
  }
  if (version) return 'record';
  return { reason: `declared${declared ? ' already' : ''}, with ${undated ?? 'no date'}`, needsPerson: true };
}

function sameExpiry(one: Expiry, other: Expiry): boolean {
  const end = (expiry: Expiry) => (expiry.kind === 'known' ? expiry.at.getTime() : expiry.kind);
  return end(one) === end(other);
}

function describe(expiry: Expiry): string {
  if (expiry.kind === 'known') return `expiring ${formatForPeople(expiry.at)}`;
  return expiry.kind === 'never' ? 'never expiring' : 'without a date';
}

/** What the new says and the declared says otherwise. What it leaves open contradicts nothing. */
function contradictions(wanted: Declaration, declared: Declaration): readonly string[] {
  const simple = (['kind', 'owner', 'purpose', 'lifetime'] as const).filter(
    (one) => wanted[one] !== undefined && wanted[one] !== declared[one],
  );
  const isThere = (place: Destination) => declared.destinations.some((one) => sameDestination(one, place));
  return [...simple, ...(wanted.destinations.every(isThere) ? [] : ['destination'])];
}
