import { createHash } from 'node:crypto';

/** Something that happened, before it has its place in the chain. Metadata only. */
export interface NewEvent {
  readonly type: string;
  /** What it happened to, such as a credential's name. */
  readonly subject: string;
  readonly result: string;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
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

/** `prev` of the first entry: the installation's own id, hashed. */
export function genesis(installId: string): string {
  return hash(`reseal history ${installId}`);
}

/** The entry that follows `prev`. */
export function chain(
  event: NewEvent,
  place: { seq: number; at: string; actor: string; prev: string },
): ChainedEvent {
  const entry = {
    seq: place.seq,
    at: place.at,
    actor: place.actor,
    type: event.type,
    subject: event.subject,
    result: event.result,
    detail: canonical(event.detail ?? {}),
    prev: place.prev,
  };
  return { ...entry, hash: hash(canonical(entry)) };
}

/** The number of the first entry that does not follow from the one before it, or undefined when all do. */
export function firstBroken(events: readonly ChainedEvent[], installId: string): number | undefined {
  let prev = genesis(installId);
  let seq = 1;
  for (const { hash: stored, ...entry } of events) {
    if (entry.seq !== seq || entry.prev !== prev || hash(canonical(entry)) !== stored) return seq;
    prev = stored;
    seq++;
  }
  return undefined;
}

/** JSON with sorted names and no white space (the part of RFC 8785 that flat objects of text and whole numbers need). */
function canonical(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The 0x00 in front sets entries apart from inner nodes of a tree over them (RFC 6962 §2.1). */
function hash(text: string): string {
  return createHash('sha256').update('\0').update(text).digest('hex');
}
