import { describeLifetime } from '../../domain/calendar.ts';
import type { Declaration } from '../../domain/credential.ts';
import type { Chapter, Draft, Field, Prose } from './document.ts';
import { chapterReference, field, label, listed, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, credentialsHere, destinationsHere, ownerOf, repositoryOf, settingsPage } from './outline.ts';

// Labels of the form: rust-lang/crates.io, svelte/src/routes/settings/tokens/new and …/crates/[crate_id]/settings.
const SCOPES = ['change-owners', 'publish-new', 'publish-update', 'trusted-publishing', 'yank'];
const PRESETS = [7, 30, 60, 90, 365];

export function cratesChapter(subject: Subject): Chapter {
  const crates = subject.pipeline.publishers.cratesIo;
  const tokens = credentialsHere(subject).filter(({ kind }) => kind === 'crates-io-token');
  const nothing = !crates && tokens.length === 0;
  return {
    anchor: 'chapter-1',
    title: 'Chapter 1. crates.io',
    lead: nothing
      ? [say`This pipeline declares no crate and no crates.io token: nothing to do here.`]
      : [say`Needs: the environment, with its rules (${chapterReference(4)}).`],
    steps: nothing ? [] : numbered(1, steps(subject, tokens)),
  };
}

function steps(subject: Subject, tokens: readonly Declaration[]): readonly Draft[] {
  const crates = subject.pipeline.publishers.cratesIo;
  const names = crates?.crates ?? [];
  return [
    ...(names.length > 0 ? [account(subject, names)] : []),
    ...tokens.flatMap((token) => [
      makeToken(subject, token, names),
      storeToken(subject, token),
      renewing(subject, token),
    ]),
    ...(tokens.length === 0 && crates && !crates.trustedPublishing ? [undeclaredToken(subject)] : []),
    ...(crates?.trustedPublishing ? trusted(subject, names, tokens.length > 0) : []),
  ];
}

function account(subject: Subject, names: readonly string[]): Draft {
  const { pages } = subject;
  return {
    title: 'The names, and your mail address',
    page: { text: 'crates.io › Account Settings › Profile', address: `${pages.cratesIo}/settings/profile` },
    before: [
      say`Look that your mail address is verified there: crates.io refuses to publish without.`,
      say`Look at each crate: ${crateLinks(names, pages.cratesIo)}. A page that is not there means that the name is free; one that is there must have you among its owners.`,
    ],
    why: say`A name cannot be reserved: whoever publishes first has it. To crates.io, ${'-'} and ${'_'} in a name are the same.`,
    verify: ask(subject, ['crate-exists']),
  };
}

function crateLinks(names: readonly string[], site: string): Prose {
  return names.flatMap((name, index): Prose => {
    const link = { text: name, address: `${site}/crates/${name}` };
    return index === 0 ? [link] : [', ', link];
  });
}

function makeToken(subject: Subject, token: Declaration, names: readonly string[]): Draft {
  return {
    title: `Make the token${ofWhich(token)}`,
    page: {
      text: 'crates.io › Account Settings › API Tokens › New Token',
      address: `${subject.pages.cratesIo}/settings/tokens/new`,
    },
    fields: [
      field('Name', token.nameAtIssuer ?? token.name),
      expiration(token),
      scopes(token),
      cratePatterns(names),
    ],
    after: [
      say`Press ${label('Generate Token')} and leave the page open: crates.io shows the token once. Store it with the next step, at once, and nowhere else.`,
    ],
    why: say`A token without scopes can do everything that you can. One with these scopes and crates can publish them, and nothing more.`,
    notes: [
      ...(names.length > 0
        ? [
            say`The names of crates count exactly: upper and lower case, and here ${'-'} is not ${'_'}. A crate that is added later needs a new token.`,
          ]
        : []),
      say`crates.io never tells a token its own expiry, so reseal asks you which expiration you chose.`,
    ],
  };
}

function expiration({ lifetime }: Declaration): Field {
  if (!lifetime) {
    return field('Expiration', say`no lifetime is declared: choose ${label('365 days')} at most`);
  }
  const preset = PRESETS.find((days) => lifetime === `${days}d`);
  const note = say`It stands at ${label('90 days')} each time that the form opens.`;
  return preset
    ? field('Expiration', [label(`${preset} days`)], note)
    : field(
        'Expiration',
        say`${label('Custom...')}, and the date that is ${[describeLifetime(lifetime)]} from today`,
        note,
      );
}

function scopes({ scopes: wanted }: Declaration): Field {
  const others = SCOPES.filter((scope) => !wanted.includes(scope));
  return wanted.length > 0
    ? field(
        'Scopes',
        say`tick exactly ${listed(wanted)}`,
        others.length > 0 ? say`Leave unticked: ${listed(others)}.` : undefined,
      )
    : field('Scopes', say`none is declared: tick ${'publish-update'}, and ${'publish-new'} for a new crate`);
}

function cratePatterns(names: readonly string[]): Field {
  return field(
    'Crates',
    names.length > 0 ? listed(names) : say`the crates that the workflow publishes`,
    say`Press ${label('Add pattern')} once for each. Without any, the token can be used for all of your crates.`,
  );
}

function storeToken(subject: Subject, token: Declaration): Draft {
  const places = destinationsHere(subject, token);
  return {
    title: `Store the token${ofWhich(token)}`,
    before: [
      say`Type this, open the address that it prints, and paste the token there. reseal asks crates.io whether the token lives, seals it for the environment, and looks that the write landed.`,
    ],
    code: [`${subject.command} rotate ${token.name}`],
    fields: places.map(({ repo, environment, secret }) =>
      field('It goes to', say`${secret} in the environment ${environment} of ${repo}, and nowhere wider`),
    ),
    why: say`A secret of the environment is given only to jobs that its rules let through. The same name at repository or organisation level is given to every workflow on every branch.`,
    verify: [
      ...places.flatMap(({ secret }) => ask(subject, ['secret-in-environment', 'secret-age'], secret)),
      ...ask(subject, ['crate-published-by', 'crate-token-in-use']),
    ],
    notes: [say`Where the wider places are, and that they must be empty: ${chapterReference(4)}.`],
  };
}

function renewing(subject: Subject, token: Declaration): Draft {
  return {
    title: `When reseal reminds you: renew the token${ofWhich(token)}`,
    page: {
      text: 'crates.io › Account Settings › API Tokens',
      address: `${subject.pages.cratesIo}/settings/tokens`,
    },
    before: [
      say`Find ${token.nameAtIssuer ?? token.name} in the list and press ${label('Regenerate')}.`,
      say`Set ${label('Expiration')} again: ${expiration(token).value}.`,
      say`Press ${label('Generate Token')}, and store the new token as before.`,
    ],
    code: [`${subject.command} rotate ${token.name}`],
    after: [
      say`After the next release went out with the new token, press ${label('Revoke')} beside the old one, and say so: ${`${subject.command} confirm ${token.name} --old-revoked`}`,
    ],
    why: undefined,
    notes: [
      say`${label('Regenerate')} copies the name, the scopes and the crates, but not the expiration: that falls back to 90 days.`,
      say`${label('Regenerate')} does not end the old token. Two live tokens of one name remain until you revoke the old one.`,
    ],
    verify: ask(subject, ['crate-token-dead-weight', 'crate-token-retirable']),
  };
}

function undeclaredToken(subject: Subject): Draft {
  return {
    title: 'Declare the token',
    before: [
      say`The crates are published by a token, and none is declared for ${subject.pipeline.environment.name}. Add it under ${'credentials'} of the configuration, with the kind ${'crates-io-token'}, and write this runbook again.`,
    ],
    verify: ask(subject, ['crate-published-by']),
  };
}

function trusted(subject: Subject, names: readonly string[], hasToken: boolean): readonly Draft[] {
  const first: Draft = {
    title: 'A new crate: publish its first version by hand',
    page: {
      text: 'crates.io › Account Settings › API Tokens › New Token',
      address: `${subject.pages.cratesIo}/settings/tokens/new`,
    },
    before: [say`Only for a crate that crates.io does not have yet. Make a token for this one purpose:`],
    fields: [
      field('Name', 'first-publish'),
      field('Expiration', [label('7 days')]),
      field('Scopes', say`tick exactly ${'publish-new'}`),
      field('Crates', listed(names), say`Only the new ones.`),
    ],
    code: ['cargo login', 'cargo publish', 'cargo logout'],
    after: [say`Then press ${label('Revoke')} beside the token.`],
    why: say`Trusted publishing cannot create a crate; crates.io has nothing like PyPI's pending publisher.`,
  };
  return [
    ...(hasToken ? [] : [first]),
    ...names.map((name) => trustedPublisher(subject, name)),
    trustedOnly(subject),
  ];
}

function trustedPublisher(subject: Subject, name: string): Draft {
  const { pipeline, pages } = subject;
  return {
    title: `The trusted publisher of the crate ${name}`,
    page: {
      text: `crates.io › ${name} › Settings › Trusted Publishing › Add`,
      address: `${pages.cratesIo}/crates/${name}/settings/new-trusted-publisher`,
    },
    fields: [
      field('Publisher', [label('GitHub')]),
      field('Repository owner', ownerOf(subject)),
      field('Repository name', repositoryOf(subject)),
      field('Workflow filename', pipeline.workflow),
      field('Environment name (optional)', pipeline.environment.name, say`Not optional for us.`),
    ],
    after: [say`Press ${label('Add')}.`],
    why: say`The workflow then trades its own identity for a token that lives for 30 minutes, and there is nothing to store, to leak or to renew.`,
    notes: [
      say`Runs that ${'pull_request_target'} or ${'workflow_run'} started are refused.`,
      say`Only a user who owns the crate can add it, not a team.`,
    ],
    verify: ask(subject, ['crate-exists', 'crate-published-by'], name),
  };
}

function trustedOnly(subject: Subject): Draft {
  return {
    title: 'After the first trusted release: close the door for tokens',
    page: settingsPage(subject, 'settings/environments', 'GitHub › Settings › Environments'),
    before: [
      say`In the settings of each crate, tick ${label('Require trusted publishing for all new versions')}. Delete the secret that held the token from the environment, and revoke the token at crates.io.`,
    ],
    why: say`A token that nobody needs is a token that can still leak.`,
    verify: ask(subject, ['crate-token-dead-weight', 'crate-token-retirable']),
  };
}

function ofWhich({ name }: Declaration): string {
  return ` (${name})`;
}
