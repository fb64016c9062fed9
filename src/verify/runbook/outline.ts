import type { Declaration, Destination } from '../../domain/credential.ts';
import type { Finding, Outcome } from '../finding.ts';
import type { Pages } from '../pages.ts';
import { settingsOf } from '../pages.ts';
import type { DeclaredPipeline } from '../pipeline.ts';
import type { Rule } from '../rule.ts';
import type { Answer, Link, Prose, Verdict, Verification } from './document.ts';

/** What every chapter is written from. */
export interface Subject {
  readonly pipeline: DeclaredPipeline;
  /** All of the configuration; only those that go into this environment, and the planned ones, are spoken of. */
  readonly credentials: readonly Declaration[];
  /** Of this pipeline, as the last run left them. */
  readonly findings: readonly Found[];
  /** When that run was; undefined: it was never verified. */
  readonly verifiedAt: Date | undefined;
  /** Every rule that there is, in its order. */
  readonly rules: readonly AskedRule[];
  readonly pages: Pages;
  /** What a person types in front of a command of ours, such as `docker compose exec reseal reseal`. */
  readonly command: string;
}

type Found = Omit<Finding, 'why' | 'severity'>;
type AskedRule = Pick<Rule, 'id' | 'question' | 'section'>;

/** A page of the repository's settings, with the way to it in words. */
export function settingsPage({ pages }: Subject, path: string, words: string): Link {
  return { text: words, address: pages.repository && settingsOf(pages, path, words) };
}

export function ownerOf({ pipeline: { repo } }: Subject): string {
  return repo.slice(0, repo.indexOf('/'));
}

export function repositoryOf({ pipeline: { repo } }: Subject): string {
  return repo.slice(repo.indexOf('/') + 1);
}

/** Where a credential goes in this pipeline's environment; none: it has nothing to do with it. */
export function destinationsHere(
  { pipeline }: Subject,
  { destinations }: Declaration,
): readonly Destination[] {
  return destinations.filter(
    ({ repo, environment }) =>
      repo.toLowerCase() === pipeline.repo.toLowerCase() &&
      environment.toLowerCase() === pipeline.environment.name.toLowerCase(),
  );
}

export function credentialsHere(subject: Subject): readonly Declaration[] {
  return subject.credentials.filter((one) => destinationsHere(subject, one).length > 0);
}

const WORST_FIRST: readonly Outcome[] = ['fail', 'unknown', 'manual', 'not-applicable', 'pass'];

/** @param about only what was said of this name: a package, a branch */
export function ask(subject: Subject, rules: readonly string[], about?: string): readonly Verification[] {
  return rules.map((rule) => {
    const answers = subject.findings
      .filter((one) => one.rule === rule && (about === undefined || isAbout(one.subject, about)))
      .map((one) => answerOf(one, subject.pages));
    const question = subject.rules.find(({ id }) => id === rule)?.question;
    return { rule, question, outcome: worst(answers), answers };
  });
}

/** A subject is the name itself, or begins with it: `main: rust lint`, but not `main-2`. */
function isAbout(subject: string, name: string): boolean {
  const [given, wanted] = [subject.toLowerCase(), name.toLowerCase()];
  return given === wanted || (given.startsWith(wanted) && /^[^\w./@-]/.test(given.slice(wanted.length)));
}

function worst(answers: readonly Answer[]): Verdict {
  return WORST_FIRST.find((outcome) => answers.some((one) => one.outcome === outcome)) ?? 'not-verified';
}

function answerOf({ subject, outcome, expected, observed, remedy }: Found, pages: Pages): Answer {
  const own = [pages.repository, pages.cratesIo, pages.npm, pages.pypi].filter((one) => one !== undefined);
  return {
    subject,
    outcome,
    expected: readText(expected, []),
    observed: readText(observed, []),
    remedy: readText(remedy, own),
  };
}

/**
 * What stands between backticks is a value, and what begins with one of our own pages a link. Any other address stays text, since a
 * finding quotes what others wrote.
 */
function readText(text: string, own: readonly string[]): Prose {
  return text
    .split(/(`[^`]+`|https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]])/)
    .filter((part) => part !== '')
    .map((part) => {
      if (/^`[^`]+`$/.test(part)) return { code: part.slice(1, -1) };
      return own.some((page) => part === page || part.startsWith(`${page}/`)) ? site(part) : part;
    });
}

/** A link that shows its own address. */
export function site(address: string): Link {
  return { text: address.replace(/^https?:\/\//, ''), address };
}
