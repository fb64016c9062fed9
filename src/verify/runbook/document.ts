import type { Outcome } from '../finding.ts';

// A runbook as a value: what to do, in order, with every value as it must be typed. How it looks is the renderers' affair.

export interface Runbook {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** `owner/name` */
  readonly repo: string;
  readonly writtenAt: Date;
  /** When the outcomes were found; undefined: it was never verified, and every line is `not-verified`. */
  readonly verifiedAt: Date | undefined;
  readonly intro: readonly Prose[];
  readonly chapters: readonly Chapter[];
}

export interface Chapter {
  /** Unique in the document, and safe in an address: `chapter-1`. */
  readonly anchor: string;
  readonly title: string;
  readonly lead: readonly Prose[];
  readonly steps: readonly Step[];
}

export interface Step {
  /** Unique in the document, and safe in an address: `step-1-2`. */
  readonly anchor: string;
  /** Begins with its number: `1.2 Make the token`. */
  readonly title: string;
  /** Where it is done; undefined: nowhere in particular. */
  readonly page: Link | undefined;
  /** What to do before the fields, in order. */
  readonly before: readonly Prose[];
  readonly fields: readonly Field[];
  /** Lines to type or to copy, verbatim. */
  readonly code: readonly string[];
  /** What to do after them, in order. */
  readonly after: readonly Prose[];
  readonly why: Prose | undefined;
  /** Traps. */
  readonly notes: readonly Prose[];
  /** Rules that answer whether it is done. */
  readonly verify: readonly Verification[];
  /** Of the checklist: every rule of one chapter with every subject. */
  readonly results: readonly Results[];
}

/** One field of a form: what stands beside it, and what goes into it. */
export interface Field {
  readonly name: string;
  readonly value: Prose;
  readonly note: Prose | undefined;
}

export interface Results {
  readonly title: string;
  readonly verifications: readonly Verification[];
}

/** What one rule said when it was asked last. */
export interface Verification {
  readonly rule: string;
  /** As a person asks it; undefined: this program has no such rule. */
  readonly question: string | undefined;
  /** The worst of its answers. */
  readonly outcome: Verdict;
  readonly answers: readonly Answer[];
}

export type Verdict = Outcome | 'not-verified';

export interface Answer {
  readonly subject: string;
  readonly outcome: Outcome;
  readonly expected: Prose;
  readonly observed: Prose;
  /** Empty where nothing is to be done. */
  readonly remedy: Prose;
}

/** A piece of a sentence. Text from outside stands in `Code` or in a plain string, and is escaped by the renderer either way. */
export type Span = string | Code | Label | Link | Reference;
export type Prose = readonly Span[];

/** A value exactly as it must be typed. */
export interface Code {
  readonly code: string;
}

/** What stands on a button or beside a field. */
export interface Label {
  readonly label: string;
}

/** `address` undefined: it is not known here, and the words must do. */
export interface Link {
  readonly text: string;
  readonly address: string | undefined;
}

/** To another place of this document. */
export interface Reference {
  readonly text: string;
  readonly anchor: string;
}

export function label(text: string): Label {
  return { label: text };
}

type Put = Span | Prose | number | undefined;

/** Template tag: a text that is put in becomes a value to be typed; a number, a span and prose stay what they are. */
export function say(strings: TemplateStringsArray, ...values: readonly Put[]): Prose {
  return strings
    .flatMap((text, index): readonly Span[] => [text, ...spansOf(values[index])])
    .filter((span) => span !== '');
}

function spansOf(value: Put): Prose {
  if (value === undefined) return [];
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'string') return [{ code: value }];
  return isProse(value) ? value : [value];
}

function isProse(value: Exclude<Put, string | number | undefined>): value is Prose {
  return Array.isArray(value);
}

/** Values with commas between them. */
export function listed(values: readonly string[]): Prose {
  return values.flatMap((value, index): Prose => (index === 0 ? [{ code: value }] : [', ', { code: value }]));
}

export function field(name: string, value: Prose | string, note?: Prose): Field {
  return { name, value: typeof value === 'string' ? [{ code: value }] : value, note };
}

/** A box to tick, or to leave. */
export function box(name: string, ticked: boolean, note?: Prose): Field {
  return { name, value: [ticked ? 'tick it' : 'leave it unticked'], note };
}

/** What a chapter says of a step; what is left out is empty. */
export type Draft = Partial<Omit<Step, 'anchor'>> & { readonly title: string };

/** Numbers the steps of a chapter: `4.1`, `4.2`… */
export function numbered(chapter: number, drafts: readonly Draft[]): readonly Step[] {
  return drafts.map((draft, index) => ({
    page: undefined,
    before: [],
    fields: [],
    code: [],
    after: [],
    why: undefined,
    notes: [],
    verify: [],
    results: [],
    ...draft,
    anchor: `step-${chapter}-${index + 1}`,
    title: `${chapter}.${index + 1} ${draft.title}`,
  }));
}

export function chapterReference(chapter: number): Reference {
  return { text: `chapter ${chapter}`, anchor: `chapter-${chapter}` };
}
