import { createHash } from 'node:crypto';

/** Flat, so that its canonical form is: names and plain values, or lists of names. Metadata only. */
export type Detail = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Something that happened, before it has its place in the chain. Metadata only. */
export interface NewEvent {
  readonly type: string;
  /** What it happened to, such as a credential's name. */
  readonly subject: string;
  readonly result: string;
  readonly detail?: Detail;
}

export interface ChainedEvent {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly type: string;
  readonly subject: string;
  readonly result: string;
  /** Canonical JSON. */
  readonly detail: string;
  readonly prev: string;
  readonly hash: string;
}

/** An entry that everything before it leads to. */
export interface Place {
  readonly seq: number;
  readonly hash: string;
}

/** The first entry that does not follow from the one before it. */
export interface Break {
  readonly seq: number;
  /** `changed`: its hash is another's; `out-of-place`: it follows another entry than the one that stands before it, or its number is below 1. */
  readonly reason: 'missing' | 'changed' | 'out-of-place';
}

/** `prev` of the first entry: the installation's own id, hashed. */
export function genesis(installId: string): string {
  return hash(`reseal history ${installId}`);
}

/** Where the chain of an installation begins: before its first entry. */
export function beginning(installId: string): Place {
  return { seq: 0, hash: genesis(installId) };
}

/** The entry that follows `prev`. Halves of characters are made whole, as the database would make them. */
export function chain(
  event: NewEvent,
  place: { seq: number; at: string; actor: string; prev: string },
): ChainedEvent {
  const entry = {
    seq: place.seq,
    at: place.at,
    actor: place.actor.toWellFormed(),
    type: event.type.toWellFormed(),
    subject: event.subject.toWellFormed(),
    result: event.result.toWellFormed(),
    detail: canonical(event.detail ?? {}),
    prev: place.prev,
  };
  return { ...entry, hash: hash(canonical(entry)) };
}

/** Entries in the order of their numbers, as they follow `before`. @returns the first that does not, or undefined when all do */
export function findBreak(events: Iterable<ChainedEvent>, before: Place): Break | undefined {
  let { seq, hash: prev } = before;
  for (const { hash: stored, ...entry } of events) {
    if (entry.seq < 1) return { seq: entry.seq, reason: 'out-of-place' };
    seq++;
    if (entry.seq > seq) return { seq, reason: 'missing' };
    if (entry.seq !== seq || hash(canonical(entry)) !== stored) return { seq, reason: 'changed' };
    if (entry.prev !== prev) return { seq, reason: 'out-of-place' };
    prev = stored;
  }
  return undefined;
}

/** The number of the first entry that does not follow from the one before it, or undefined when all do. */
export function firstBroken(events: readonly ChainedEvent[], installId: string): number | undefined {
  return findBreak(events, beginning(installId))?.seq;
}

/** JSON with sorted names and no white space (the part of RFC 8785 that flat objects of text and whole numbers need). */
function canonical(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The 0x00 in front sets entries apart from inner nodes of a tree over them (RFC 6962 §2.1). */
function hash(text: string): string {
  return createHash('sha256').update('\0').update(text).digest('hex');
}
