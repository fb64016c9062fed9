import { formatDay } from '../../domain/calendar.ts';
import { unavailable } from '../fact.ts';
import type { CrateFact, CrateVersion } from '../facts.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, pass, unknown } from '../rule.ts';
import { crateTokenRules } from './crates-io-token.ts';
import {
  isSameRepository,
  judgeEach,
  judgeExistence,
  listFields,
  publisherFields,
  quote,
} from './publisher.ts';

// Public: `trustpub_only` of GET /api/v1/crates/{crate}, and `trustpub_data` of its versions. Labels of the forms:
// crates.io: svelte/src/routes/settings/tokens/new and routes/crates/[crate_id]/settings/new-trusted-publisher.

const exists: Rule = {
  id: 'crate-exists',
  section: 1,
  question: 'Has each declared crate been published once?',
  why: 'The first version of a crate needs a token with the scope publish-new: trusted publishing refuses a name that does not exist yet.',
  severity: 'high',
  permission: undefined,
  judge: (context) =>
    judgeExistence(cratesOf(context), context.facts.crates, 'crates.io', (name) =>
      firstPublish(context, name),
    ),
};

const publishedBy: Rule = {
  id: 'crate-published-by',
  section: 1,
  question: 'Did the newest version of each crate come the declared way?',
  why: 'A version that came another way was published by somebody or something that the runbook does not know of, or the runbook is out of date.',
  severity: 'high',
  permission: undefined,
  judge: (context) => {
    const byTrust = context.pipeline.publishers.cratesIo?.trustedPublishing ?? false;
    const expected = byTrust
      ? `the newest version came by trusted publishing from ${context.pipeline.repo}`
      : 'the newest version was published with a token';
    return judgeEach(cratesOf(context), context.facts.crates, expected, (crate) =>
      judgeNewest(context, crate, expected, byTrust),
    );
  },
};

function judgeNewest(context: Context, crate: CrateFact, expected: string, byTrust: boolean): Judgement {
  const newest = crate.versions[0];
  if (!newest) {
    return unknown(
      crate.name,
      expected,
      unavailable('not-published', `crates.io shows no version of ${crate.name}`),
    );
  }
  const { trustedRepository: from } = newest;
  const version = `${newest.number} of ${formatDay(newest.publishedAt)}`;
  if (from === undefined) {
    const observed = `${version} was published with a token`;
    return byTrust
      ? fail(crate.name, expected, observed, startTrusting(context, crate.name))
      : pass(crate.name, expected, observed);
  }
  const observed = `${version} came by trusted publishing from ${quote(from)}`;
  if (!isSameRepository(from, context.pipeline.repo)) {
    return fail(crate.name, expected, observed, removeStranger(context, crate.name, newest));
  }
  if (byTrust) return pass(crate.name, expected, observed);
  return { ...fail(crate.name, expected, observed, declareTrust(context)), severity: 'low' };
}

function cratesOf({ pipeline }: Context): readonly string[] {
  return pipeline.publishers.cratesIo?.crates ?? [];
}

function firstPublish(context: Context, name: string): string {
  const form = listFields([
    ['Name', `first version of ${name}`],
    ['Expiration', '7 days'],
    ['Scopes', 'publish-new'],
    ['Crates, after Add pattern', name],
  ]);
  const { cratesIo } = context.pages;
  const first = `Publish it once by hand. Open ${cratesIo}/settings/tokens/new, fill in ${form}, and press Generate Token. In the folder of the crate run cargo login and paste the token, then cargo publish --package ${name}, then cargo logout; and press Revoke beside that token at ${cratesIo}/settings/tokens.`;
  return context.pipeline.publishers.cratesIo?.trustedPublishing
    ? `${first} Then register the publisher: ${addPublisher(context, name)}`
    : first;
}

function addPublisher(context: Context, name: string): string {
  const { owner, repository, workflow, environment } = publisherFields(context);
  const form = listFields([
    ['Publisher', 'GitHub'],
    ['Repository owner', owner],
    ['Repository name', repository],
    ['Workflow filename', workflow],
    ['Environment name', environment],
  ]);
  return `open ${context.pages.cratesIo}/crates/${name}/settings, press Add beside Trusted Publishing, fill in ${form}, and press Add.`;
}

function startTrusting(context: Context, name: string): string {
  return `Register the publisher unless it is listed already: ${addPublisher(context, name)} In ${context.pipeline.workflow}, give the publishing job id-token: write and take its token from rust-lang/crates-io-auth-action@v1. The next version shows whether it worked.`;
}

function removeStranger(context: Context, name: string, { number }: CrateVersion): string {
  return `Find out who published ${number}; if it was none of you, run cargo yank ${name}@${number}. Under Trusted Publishing at ${context.pages.cratesIo}/crates/${name}/settings press Remove beside each publisher that is not ${context.pipeline.repo}. The right one: ${addPublisher(context, name)}`;
}

function declareTrust({ pipeline }: Context): string {
  return `In the configuration, under pipelines, ${pipeline.name}, publishers, crates-io, write trusted-publishing: true. The rule crate-token-retirable then tells how to do without the token.`;
}

export const cratesIoRules: readonly Rule[] = [exists, publishedBy, ...crateTokenRules];
