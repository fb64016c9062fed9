import { formatDay } from '../../domain/calendar.ts';
import type { Fact, Unavailable } from '../fact.ts';
import { known } from '../fact.ts';
import type { CrateFact, StoredSecret } from '../facts.ts';
import { settingsOf } from '../pages.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';
import { isSameRepository, judgeEach, publishedAs } from './publisher.ts';

const KIND = 'crates-io-token';
/** Names that a crates.io token goes by where our register does not know the secret. */
const USUAL_NAMES = ['CRATES_IO_TOKEN', 'CARGO_REGISTRY_TOKEN'];

const inUse: Rule = {
  id: 'crate-token-in-use',
  section: 1,
  question: 'Has a version been published since the token was stored?',
  why: 'GitHub never shows which value a secret has. The first version that a token publishes after the rotation is the first evidence that the new one works.',
  severity: 'low',
  permission: undefined,
  judge: (context) => {
    const token = latestToken(context);
    if (!token) return [];
    const expected = `a version was published with a token since ${token.name} was stored`;
    const { publishers } = context.pipeline;
    return judgeEach(publishers.cratesIo?.crates ?? [], context.facts.crates, expected, (crate) =>
      judgeUse(crate, token, expected),
    );
  },
};

interface NamedToken {
  readonly name: string;
  readonly storedAt: Date | undefined;
}

/** crates.io does not show which token published a version: the evidence counts for the one that was stored last. */
function latestToken({ facts }: Context): NamedToken | undefined {
  const age = ({ storedAt }: NamedToken) => storedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  return [...facts.stored]
    .filter(([, stored]) => stored.kind === KIND)
    .map(([name, { storedAt }]) => ({ name, storedAt }))
    .reduce<NamedToken | undefined>((last, one) => (last && age(last) >= age(one) ? last : one), undefined);
}

function judgeUse({ name, versions }: CrateFact, token: NamedToken, expected: string): Judgement {
  const { storedAt } = token;
  if (!storedAt) return notApplicable(name, expected, `reseal has not stored ${token.name} yet`);
  const since = versions.filter(({ publishedAt }) => publishedAt >= storedAt);
  const first = since.findLast(({ trustedRepository }) => trustedRepository === undefined);
  if (first) {
    const used = `first used for ${first.number} on ${formatDay(first.publishedAt)} (crates.io does not show which token it was)`;
    return pass(name, expected, used);
  }
  const others = since.length > 0 ? '; what was published since then came by trusted publishing' : '';
  return notApplicable(name, expected, `stored on ${formatDay(storedAt)}, not yet used${others}`);
}

const deadWeight: Rule = {
  id: 'crate-token-dead-weight',
  section: 1,
  question: 'Can the token still publish anything?',
  why: 'Where every crate requires trusted publishing, a token publishes nothing: it can only leak, and a release that relies on it fails.',
  severity: 'medium',
  permission: undefined,
  judge: (context) =>
    judgeTogether(
      context,
      'a crates.io token that is kept can publish a declared crate',
      (crates, subject, expected) => {
        const open = crates.filter((crate) => !crate.trustedPublishingOnly).map(({ name }) => name);
        if (open.length > 0) return pass(subject, expected, `tokens can publish ${open.join(', ')}`);
        const present = presentTokens(context);
        const names = [...new Set([...declaredTokens(context), ...(present.known ? present.value : [])])];
        if (names.length > 0) {
          const observed = `${namesOf(crates)}: only trusted publishing is accepted, and ${names.join(', ')} is kept`;
          return fail(
            subject,
            expected,
            observed,
            `${dropTokens(context, names)} ${keepTokens(context, crates)}`,
          );
        }
        return present.known
          ? pass(subject, expected, 'no crates.io token is kept')
          : unknown(subject, expected, present);
      },
    ),
};

const retirable: Rule = {
  id: 'crate-token-retirable',
  section: 1,
  question: 'Is a crates.io token kept that trusted publishing has made unnecessary?',
  why: 'A token that nothing needs expires, leaks and is rotated for nothing.',
  severity: 'low',
  permission: 'environments:read',
  judge: (context) =>
    judgeTogether(context, 'no crates.io token is kept that nothing needs', (crates, subject, expected) => {
      const stillNeeded = needFor(context, crates);
      if (stillNeeded) return notApplicable(subject, expected, stillNeeded);
      const present = presentTokens(context);
      if (!present.known) return unknown(subject, expected, present);
      if (present.value.length === 0) return pass(subject, expected, 'no crates.io token is kept');
      if (crates.every((crate) => crate.trustedPublishingOnly)) {
        return notApplicable(
          subject,
          expected,
          'no crate takes tokens any more: see crate-token-dead-weight',
        );
      }
      const observed = `the newest version of ${namesOf(crates)} came by trusted publishing, and ${present.value.join(', ')} is still stored`;
      return fail(subject, expected, observed, retire(context, crates, present.value));
    }),
};

/** Why a token is still needed, or not yet known to be unnecessary. */
function needFor({ pipeline }: Context, crates: readonly CrateFact[]): string | undefined {
  const byToken = crates.filter(({ versions }) => {
    const from = versions[0]?.trustedRepository;
    return from === undefined || !isSameRepository(from, pipeline.repo);
  });
  if (!pipeline.publishers.cratesIo?.trustedPublishing) {
    return byToken.length === 0
      ? 'published with a token, as declared; yet every newest version came by trusted publishing: see crate-published-by'
      : `published with a token, as declared; since ${namesOf(crates)} exists, trusted publishing would make the token unnecessary`;
  }
  return byToken.length > 0
    ? `the newest version of ${namesOf(byToken)} did not come by trusted publishing from ${pipeline.repo} yet`
    : undefined;
}

/** One judgement for the environment, once every crate is known. */
function judgeTogether(
  { pipeline, facts }: Context,
  expected: string,
  judge: (crates: readonly CrateFact[], subject: string, expected: string) => Judgement,
): readonly Judgement[] {
  const names = pipeline.publishers.cratesIo?.crates ?? [];
  const subject = pipeline.environment.name;
  if (names.length === 0) return [];
  const read = names.map((name) => publishedAs(facts.crates, name));
  const unread = read.find((fact): fact is Unavailable => !fact.known);
  if (unread) return [unknown(subject, expected, unread)];
  const crates = read.flatMap((fact) => (fact.known && fact.value ? [fact.value] : []));
  if (crates.length === names.length) return [judge(crates, subject, expected)];
  return [
    notApplicable(
      subject,
      expected,
      'a declared crate does not exist yet, and its first version needs a token',
    ),
  ];
}

function isToken(name: string, stored: StoredSecret | undefined): boolean {
  return stored ? stored.kind === KIND : USUAL_NAMES.includes(name);
}

function declaredTokens({ pipeline, facts }: Context): readonly string[] {
  const names = pipeline.environment.secrets.map((name) => name.toUpperCase());
  return names.filter((name) => isToken(name, facts.stored.get(name)));
}

function presentTokens({ facts }: Context): Fact<readonly string[]> {
  const { environment } = facts.secrets;
  if (!environment.known) return environment;
  const names = environment.value.map(({ name }) => name.toUpperCase());
  return known(names.filter((name) => isToken(name, facts.stored.get(name))));
}

function namesOf(crates: readonly CrateFact[]): string {
  return crates.map(({ name }) => name).join(', ');
}

function retire(context: Context, crates: readonly CrateFact[], names: readonly string[]): string {
  const switches = crates
    .filter((crate) => !crate.trustedPublishingOnly)
    .map(({ name }) => `${context.pages.cratesIo}/crates/${name}/settings`);
  return `You could retire this token, unless a new crate is planned, whose first version needs one. Tick "Require trusted publishing for all new versions" at ${switches.join(' and ')}. ${dropTokens(context, names)}`;
}

function dropTokens({ pipeline, facts, pages }: Context, names: readonly string[]): string {
  const page = settingsOf(
    pages,
    'settings/environments',
    'the settings of the repository, under Environments',
  );
  const credentials = names.flatMap((name) => facts.stored.get(name)?.credential ?? []);
  const retired = credentials.map((name) => ` and run reseal retire ${name}`).join('');
  return `At ${page} open ${pipeline.environment.name} and delete the environment secret ${names.join(' and ')}, and take it out of the configuration. Unless the token is used elsewhere, press Revoke beside it at ${pages.cratesIo}/settings/tokens${retired}.`;
}

function keepTokens({ pages }: Context, crates: readonly CrateFact[]): string {
  const places = crates.map(({ name }) => `${pages.cratesIo}/crates/${name}/settings`);
  return `If releases are to use the token after all, untick "Require trusted publishing for all new versions" at ${places.join(' and ')} instead.`;
}

export const crateTokenRules: readonly Rule[] = [inUse, deadWeight, retirable];
