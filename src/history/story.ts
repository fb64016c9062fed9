import { daysBetween, parseInstant } from '../domain/calendar.ts';
import type { ChainedEvent } from './chain.ts';
import type { Entry } from './sentences.ts';
import { expiryOf, readEntry, sentenceOf } from './sentences.ts';
import { minuteOf, visible } from './words.ts';

/** What happened to one credential, as a person reads it: a chapter for each of its versions. */
export interface Chapter {
  readonly title: string;
  readonly lines: readonly StoryLine[];
}

export interface StoryLine {
  /** `2026-11-23 09:30`, in UTC. */
  readonly at: string;
  readonly sentence: string;
  /** Whole days since the line before; undefined where it is less than two, or the first. */
  readonly gapDays: number | undefined;
}

/**
 * The entries about a credential (or a pipeline, or an address), oldest first, as sentences. A rotation belongs to the version that
 * comes of it. Pure; nothing that controls a terminal is left in it.
 */
export function tellStory(events: readonly ChainedEvent[], name: string): readonly Chapter[] {
  const entries = events.map(readEntry);
  const starts = chapterStarts(entries);
  const chapters: { title: string; lines: StoryLine[] }[] = [];
  let before: Entry | undefined;
  entries.forEach((entry, index) => {
    const title = starts.get(index);
    if (title !== undefined || chapters.length === 0)
      chapters.push({ title: title ?? (starts.size > 0 ? 'Before the first version' : ''), lines: [] });
    chapters.at(-1)?.lines.push(lineOf(entry, before, name));
    before = entry;
  });
  return chapters;
}

function lineOf(entry: Entry, before: Entry | undefined, name: string): StoryLine {
  const gap = before ? daysBetweenTexts(before.at, entry.at) : 0;
  return {
    at: visible(minuteOf(entry.at)),
    sentence: visible(sentenceOf(entry, name)),
    gapDays: gap >= 2 ? gap : undefined,
  };
}

function daysBetweenTexts(from: string, to: string): number {
  try {
    return daysBetween(parseInstant(from), parseInstant(to));
  } catch {
    // An entry that somebody has changed is shown all the same.
    return 0;
  }
}

/** Where each version's chapter begins: with the opening of its rotation, else where it was recorded. */
function chapterStarts(entries: readonly Entry[]): ReadonlyMap<number, string> {
  const starts = new Map<number, string>();
  const opened = new Map<string, number>();
  let latest: number | undefined;
  entries.forEach((entry, index) => {
    if (entry.type === 'rotation.opened') {
      opened.set(entry.result, index);
      latest = index;
    }
    if (entry.type === 'credential.recorded') starts.set(index, titleOf(entry));
    if (entry.type !== 'credential.rotated') return;
    const { rotation } = entry.detail;
    // Entries of older versions of reseal do not name it.
    const from = typeof rotation === 'string' ? opened.get(rotation) : latest;
    starts.set(from ?? index, titleOf(entry));
  });
  return starts;
}

function titleOf(entry: Entry): string {
  const version = /^version \d+/.exec(entry.result)?.[0] ?? entry.result;
  return visible(`${version.replace(/^v/, 'V')}: ${expiryOf(entry)}`);
}
