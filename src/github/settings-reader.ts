import type { Fact, Unavailable } from '../verify/fact.ts';
import type { RepositoryFact } from '../verify/facts.ts';
import type { GitHubClient } from './answer.ts';
import type { Call } from './settings-answers.ts';
import type { Wanted } from './settings-refusal.ts';

/** `missing`: GitHub's own 404, and its words. */
export type Reading =
  | { readonly kind: 'found'; readonly body: unknown; readonly next: boolean }
  | { readonly kind: 'missing'; readonly words: string }
  | { readonly kind: 'moved'; readonly id: number | undefined; readonly why: Unavailable }
  | { readonly kind: 'unread'; readonly why: Unavailable };

export type Get = (wanted: Wanted, call: Call) => Promise<Reading>;

/** Reads settings of one repository; nothing else is asked for before the repository itself has answered. */
export interface Reader {
  readonly client: GitHubClient;
  readonly repo: string;
  readonly place: { readonly owner: string; readonly repo: string };
  readonly repository: () => Promise<Fact<RepositoryFact>>;
  readonly get: Get;
  /** What a 404 means of something that must be there: the repository is not seen, or this part of it is not. */
  readonly notShown: (wanted: Wanted) => Promise<Unavailable>;
}
