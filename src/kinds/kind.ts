import type { Declaration } from '../domain/credential.ts';
import type { Expiry } from '../domain/expiry.ts';

/** What is known of one kind of credential: mostly data, one file each. */
export interface Kind {
  /** As written in the configuration, such as `crates-io-token`. */
  readonly id: string;
  readonly title: string;
  /** Name of the service that issues it, for people. */
  readonly issuer: string;
  /** The issuer's pages to make, renew and revoke one. */
  readonly pages: { readonly make: string; readonly renew: string; readonly revoke: string } | undefined;
  /** What to do at the issuer's page to get the next one, in order. */
  readonly steps: (declaration: Declaration) => readonly string[];
  /** What stops working when it dies. */
  readonly breaks: string;
  /** Scopes that the issuer offers; undefined: it has none, or they are free text. */
  readonly scopes: readonly string[] | undefined;
  /** What it should be allowed to do and no more, in a sentence, for whoever ticks the boxes. */
  readonly grant: string;
  readonly lifetimes: Lifetimes;
  readonly expiry: ExpiryKnowledge;
  /** The live check: who is asked, so that no other ever sees the token, and what the answer proves. */
  readonly check: LiveCheck | undefined;
  /** What is left to do once the new one has been used; undefined: the old one dies by itself. */
  readonly afterwards: string | undefined;
  /** What is to be known of revoking one at its issuer; absent: nothing. */
  readonly revoking?: string;
  readonly leak: Leak;
  /** Where its issuer offers a way that needs no stored secret at all. */
  readonly instead?: { readonly text: string; readonly link: string };
  /** How its value comes, which chooses the field of the form. */
  readonly shape: Shape;
  /** Reasons why these bytes cannot be one of this kind, none of which holds any of them. */
  readonly checkFormat: (token: Uint8Array) => readonly string[];
  /** What the value says about itself, without a network. Called only with what `checkFormat` has no objection to. */
  readonly read?: (token: Uint8Array) => Reading;
  /** What reads it where that takes more than this folder has; `read` is absent then. */
  readonly reader?: 'certificate';
  /** Where all of this comes from: pages, source files, specifications. */
  readonly sources: readonly string[];
}

/**
 * - `line`: one line of printable ASCII without blanks, such as a token; blanks and line breaks around it are not part of it
 * - `text`: lines of text, such as a PEM; kept byte for byte
 * - `file`: bytes of any kind, such as a PKCS#12; kept byte for byte
 * - `any`: not known. One line is kept without its last line break, everything else byte for byte
 */
export type Shape = 'line' | 'text' | 'file' | 'any';

/** Lifetimes in days that the issuer offers, and whether it offers a date of one's own and no expiry at all. */
export interface Lifetimes {
  readonly presets: readonly number[];
  readonly custom: boolean;
  readonly never: boolean;
  /** What the issuer has laid down on how long one may live, newest first. */
  readonly rules?: readonly LifetimeRule[];
}

/** One rule of an issuer on how long its credentials live. Days are UTC. */
export interface LifetimeRule {
  /** The first day on which it holds for new ones, as `2026-08-17`. */
  readonly since: string;
  /** The most days that a new one may live; absent: the rule is about older ones alone. */
  readonly maxDays?: number;
  /** The day on which those made before `since` stop at the latest; absent: they keep their date. */
  readonly olderEnd?: string;
  /** Which ones it is about, where not all are: `tokens that may publish`. */
  readonly about?: string;
  /** It is about some of them, and which a value belongs to cannot be seen: a date beyond it is asked about, not wrong. */
  readonly partial?: boolean;
  /** What to do, in a sentence. */
  readonly advice: string;
  readonly source: string;
}

/**
 * How the expiry can be known:
 * - `read`: from every value itself
 * - `read-or-entered`: some values carry it, for the others a person enters it
 * - `observed`: the issuer says it in its answer to the live check
 * - `entered`: only the person who made it knows
 */
export interface ExpiryKnowledge {
  readonly known: 'read' | 'read-or-entered' | 'observed' | 'entered';
  /** The same in a sentence for people. */
  readonly how: string;
}

export interface LiveCheck {
  readonly registry: 'crates-io' | 'npm' | 'github';
  readonly proves: string;
  /** How often it is asked, where that is not once: a clause such as `twice, two seconds apart, where …`. */
  readonly often?: string;
}

/** What somebody who finds one can do with it, and who ends it. */
export interface Leak {
  readonly means: string;
  /** Who revokes it without being asked, and when; undefined: nobody is known to. */
  readonly automatic: string | undefined;
}

/** What a value says about itself. Nothing of it is secret. */
export interface Reading {
  /** Its source is `read`; undefined: the value does not carry it. */
  readonly expiry: Expiry | undefined;
  /** What else it says, for a person who compares: `Subject`, `Developer ID Application: …`. */
  readonly says: readonly Said[];
  /** Why it cannot be taken, each naming the next step. */
  readonly problems: readonly string[];
  /** What the problems are about; absent: the value itself. */
  readonly about?: 'password';
  /** What should be looked at although it may be right. */
  readonly warnings: readonly string[];
  /** What is a mistake as a rule where it is stored, each a clause: asked about once, and taken when it is sent once more. */
  readonly questions?: readonly string[];
  /** From when on it is valid, where it says so; absent also where the reader itself has held it against the time. */
  readonly begins?: Date | undefined;
}

export interface Said {
  readonly label: string;
  readonly text: string;
}
