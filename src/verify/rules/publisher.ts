import type { Fact } from '../fact.ts';
import { unavailable } from '../fact.ts';
import type { PublisherField } from '../mistakes.ts';
import { mistakeIn } from '../mistakes.ts';
import type { Context, Judgement } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';

// What the rules about crates.io, npm and PyPI share.

/** What a registry shows, by the declared name; `undefined` inside: it does not know the name. */
export type Published<T> = ReadonlyMap<string, Fact<T | undefined>>;

export function publishedAs<T>(published: Published<T>, name: string): Fact<T | undefined> {
  return published.get(name) ?? unavailable('unreachable', `${name} was not read`);
}

/** One judgement for each name: of what does not exist, its own rule tells, and the others do not apply. */
export function judgeEach<T>(
  names: readonly string[],
  published: Published<T>,
  expected: string,
  judge: (found: T, name: string) => Judgement,
): readonly Judgement[] {
  return names.map((name) => {
    const fact = publishedAs(published, name);
    if (!fact.known) return unknown(name, expected, fact);
    if (fact.value === undefined) return notApplicable(name, expected, `${name} does not exist yet`);
    return judge(fact.value, name);
  });
}

/** The rule about existence itself. */
export function judgeExistence<T>(
  names: readonly string[],
  published: Published<T>,
  registry: string,
  remedy: (name: string) => string,
): readonly Judgement[] {
  return names.map((name) => {
    const expected = `${name} exists at ${registry}`;
    const fact = publishedAs(published, name);
    if (!fact.known) return unknown(name, expected, fact);
    if (fact.value !== undefined) return pass(name, expected);
    return fail(name, expected, `${registry} knows no ${name}`, remedy(name));
  });
}

/** GitHub's names are the same in upper and lower case. */
export function isSameRepository(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

interface PublisherFields {
  readonly owner: string;
  readonly repository: string;
  readonly workflow: string;
  readonly environment: string;
}

/** The declared repository as GitHub spells it, since npm compares upper and lower case. */
export function spelledRepository({ pipeline, facts }: Context): string {
  const { repository } = facts;
  return repository.known && isSameRepository(repository.value.fullName, pipeline.repo)
    ? repository.value.fullName
    : pipeline.repo;
}

/** The values of a publisher form: each in a field of its own. */
export function publisherFields(context: Context): PublisherFields {
  const [owner = '', repository = ''] = spelledRepository(context).split('/');
  const { workflow, environment } = context.pipeline;
  return { owner, repository, workflow, environment: environment.name };
}

/** `Owner: "acme"; Repository name: "widgets"`. */
export function listFields(fields: readonly (readonly [label: string, value: string])[]): string {
  return fields.map(([label, value]) => `${label}: "${value}"`).join('; ');
}

const LONGEST = 200;

/** A text that somebody else wrote, without what could disturb a terminal. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/** A field that is not as expected, with the name of the mistake where it is a known one. */
export function describeField(field: PublisherField, expected: string, observed: string): string {
  const mistake = mistakeIn(field, expected, observed);
  return mistake ? `${quote(observed)}: ${mistake}` : quote(observed);
}

const MOST = 5;

/** `a, b and 3 more`. */
export function listSome(names: readonly string[]): string {
  if (names.length <= MOST) return names.join(', ');
  return `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;
}
