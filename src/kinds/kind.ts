import type { Declaration } from '../domain/credential.ts';

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
  /** Lifetimes in days that the issuer offers, and whether it offers a date of one's own and no expiry at all. */
  readonly lifetimes: {
    readonly presets: readonly number[];
    readonly custom: boolean;
    readonly never: boolean;
  };
  /** The live check: which registry is asked, so that no other ever sees the token, and what its answer proves. */
  readonly check: { readonly registry: 'crates-io'; readonly proves: string } | undefined;
  /** What is left to do once the new one has been used; undefined: the old one dies by itself. */
  readonly afterwards: string | undefined;
  /** What is to be known of revoking one at its issuer; absent: nothing. */
  readonly revoking?: string;
  /** Reasons why these bytes cannot be one of this kind, none of which holds any of them. */
  readonly checkFormat: (token: Uint8Array) => readonly string[];
}
