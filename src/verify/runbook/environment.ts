import type { Declaration } from '../../domain/credential.ts';
import { findKind } from '../../kinds/catalogue.ts';
import type { Chapter, Draft, Prose } from './document.ts';
import { box, chapterReference, field, label, numbered, say } from './document.ts';
import type { Subject } from './outline.ts';
import { ask, credentialsHere, destinationsHere, settingsPage } from './outline.ts';

// Labels: github/docs, content/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments.md.

export function environmentChapter(subject: Subject): Chapter {
  const { environment } = subject.pipeline;
  return {
    anchor: 'chapter-4',
    title: 'Chapter 4. The environment',
    lead: [
      say`The environment ${environment.name} is the gate in front of everything that publishes: who may open it, from which branch, and which secrets lie behind it. On a private repository, reviewers and the wait timer need GitHub Enterprise.`,
      say`If you were sent here from the beginning: do all of it, then go to ${chapterReference(1)}, and pass over this chapter when you come to it again.`,
    ],
    steps: numbered(4, [
      create(subject),
      reviewers(subject),
      waitTimer(subject),
      adminBypass(subject),
      branches(subject),
      secrets(subject),
      ...others(subject),
      nowhereWider(subject),
      workflow(subject),
    ]),
  };
}

function configure(subject: Subject) {
  const { name } = subject.pipeline.environment;
  return settingsPage(subject, 'settings/environments', `GitHub › Settings › Environments › ${name}`);
}

function create(subject: Subject): Draft {
  const { name } = subject.pipeline.environment;
  return {
    title: 'Create it',
    page: settingsPage(
      subject,
      'settings/environments/new',
      'GitHub › Settings › Environments › New environment',
    ),
    fields: [field('Name', name)],
    after: [say`Press ${label('Configure environment')}. The next steps are on the page that opens.`],
    why: say`If a workflow names an environment that does not exist, GitHub creates it without any rule, and the job runs.`,
    notes: [
      say`If it is in the list already, open it. GitHub takes upper and lower case for the same here, but npm does not: write ${name} everywhere.`,
    ],
    verify: ask(subject, ['environment-exists', 'environment-custom-rules']),
  };
}

function reviewers(subject: Subject): Draft {
  const { requiredReviewers } = subject.pipeline.environment;
  const several = requiredReviewers.length > 1;
  if (requiredReviewers.length === 0) {
    return {
      title: 'Reviewers: none',
      page: configure(subject),
      fields: [
        box('Required reviewers', false, say`None is declared: a release starts without anybody's yes.`),
      ],
      verify: ask(subject, ['environment-reviewers']),
    };
  }
  return {
    title: 'Reviewers',
    page: configure(subject),
    fields: [
      box('Required reviewers', true),
      ...requiredReviewers.map((name) => field('Search for people or teams…', name)),
      box(
        'Prevent self-review',
        several,
        several
          ? say`There is somebody else who can approve.`
          : say`With one reviewer, nobody could approve what that person started.`,
      ),
    ],
    after: [say`Press ${label('Save protection rules')}.`],
    why: say`One of them must press a button before a job gets the secrets or an identity to publish with. A stolen push right alone then publishes nothing.`,
    notes: [
      say`A reviewer needs at least read access to the repository, or the name does not come up in the search. One approval is enough, however many are listed; GitHub takes six.`,
    ],
    verify: ask(subject, ['environment-reviewers', 'environment-self-review', 'hygiene-reviewers']),
  };
}

function waitTimer(subject: Subject): Draft {
  const { waitTimer: minutes } = subject.pipeline.environment;
  return {
    title: minutes === 0 ? 'Wait timer: none' : 'Wait timer',
    page: configure(subject),
    fields:
      minutes === 0
        ? [box('Wait timer', false)]
        : [box('Wait timer', true), field('minutes', String(minutes))],
    after: [say`Press ${label('Save protection rules')} if you changed it.`],
    why:
      minutes === 0
        ? say`Where a person approves, waiting adds nothing but releases that time out.`
        : say`It leaves time to stop a release that nobody wanted.`,
    verify: ask(subject, ['environment-wait-timer']),
  };
}

function adminBypass(subject: Subject): Draft {
  const { adminsMayBypass } = subject.pipeline.environment;
  const name = 'Allow administrators to bypass configured protection rules';
  return {
    title: 'Whether administrators may pass it by',
    page: configure(subject),
    fields: [
      adminsMayBypass === undefined
        ? field(name, ['not declared: leave it unticked unless you have a reason'])
        : box(name, adminsMayBypass),
    ],
    after: [say`Press ${label('Save protection rules')} if you changed it.`],
    why: adminsMayBypass
      ? say`It is declared as allowed, for an emergency: GitHub then shows that somebody used it. Write down why (${chapterReference(6)}).`
      : say`An administrator's stolen session would otherwise be enough to publish. GitHub ticks the box for every new environment.`,
    verify: ask(subject, ['environment-admin-bypass']),
  };
}

function branches(subject: Subject): Draft {
  const { deploymentBranches } = subject.pipeline.environment;
  const title = 'From which branches';
  if (!deploymentBranches) {
    return {
      title,
      page: configure(subject),
      fields: [field('Deployment branches and tags', [label('No restriction')])],
      notes: [say`None is declared, so a job on any branch or tag may ask for this environment.`],
      verify: ask(subject, ['environment-deployment-branches']),
    };
  }
  return {
    title,
    page: configure(subject),
    fields: [
      field('Deployment branches and tags', [label('Selected branches and tags')]),
      ...deploymentBranches.flatMap((pattern) => [
        field('Add deployment branch or tag rule: Ref type', [label('Branch')]),
        field('Add deployment branch or tag rule: Name pattern', pattern),
      ]),
    ],
    after: [
      say`Press ${label('Add rule')} after each. Delete every other rule in the list: there must be exactly ${deploymentBranches.length}.`,
    ],
    why: say`Else somebody puts another workflow on a branch of their own, names this environment in it, and waits for a tired reviewer.`,
    notes: [
      say`Do not choose ${label('Protected branches only')}: while no branch is protected it lets every branch through, and later it lets through each one that is.`,
      say`${'*'} does not reach over a ${'/'}. A pattern such as ${'refs/pull/*/merge'} would open the environment to pull requests.`,
    ],
    verify: ask(subject, ['environment-deployment-branches']),
  };
}

function secrets(subject: Subject): Draft {
  const { environment } = subject.pipeline;
  if (environment.secrets.length === 0) {
    return {
      title: 'Secrets: none',
      page: configure(subject),
      before: [say`None is declared: ${label('Environment secrets')} must be empty.`],
      verify: ask(subject, ['secret-undeclared']),
    };
  }
  return {
    title: 'The secrets that live in it',
    page: configure(subject),
    before: [
      say`Under ${label('Environment secrets')} these must stand, and no others. In a new repository there is none yet. Do not paste them here: reseal puts them there, and remembers when they end.`,
    ],
    fields: environment.secrets.map((name) => field(name, keeper(subject, name))),
    why: say`What is in the environment is behind its rules. What nobody declared is a token that nobody watches.`,
    verify: ask(subject, ['secret-in-environment', 'secret-undeclared', 'secret-age']),
  };
}

function keeper(subject: Subject, name: string): Prose {
  const found = credentialsHere(subject).find((one) =>
    destinationsHere(subject, one).some(({ secret }) => secret.toUpperCase() === name.toUpperCase()),
  );
  if (!found)
    return say`no credential is declared for it: add one under ${'credentials'} of the configuration`;
  return say`by ${`${subject.command} rotate ${found.name}`}`;
}

/** Credentials of other kinds than crates.io's token, which has a chapter of its own. */
function others(subject: Subject): readonly Draft[] {
  return credentialsHere(subject)
    .filter(({ kind }) => kind !== 'crates-io-token')
    .map((credential) => otherCredential(subject, credential));
}

function otherCredential(subject: Subject, credential: Declaration): Draft {
  const kind = findKind(credential.kind);
  const make = kind?.pages?.make;
  return {
    title: `The ${kind?.title ?? credential.kind} ${credential.name}`,
    page: make === undefined ? undefined : { text: kind?.issuer ?? make, address: make },
    before: [
      ...(credential.purpose === undefined ? [] : [[`What it is for: ${credential.purpose}.`]]),
      ...(kind?.steps(credential) ?? []).map((step) => [step]),
      say`Then type this, open the address that it prints, and paste it there:`,
    ],
    code: [`${subject.command} rotate ${credential.name}`],
    verify: ask(subject, ['secret-in-environment', 'secret-age']),
  };
}

function nowhereWider(subject: Subject): Draft {
  const { environment } = subject.pipeline;
  const names = environment.secrets.length > 0 ? environment.secrets : undefined;
  const actions = settingsPage(
    subject,
    'settings/secrets/actions',
    'GitHub › Settings › Secrets and variables › Actions › Repository secrets, Organization secrets',
  );
  const dependabot = settingsPage(
    subject,
    'settings/secrets/dependabot',
    'GitHub › Settings › Secrets and variables › Dependabot',
  );
  return {
    title: 'Nowhere wider',
    page: actions,
    before: [
      names
        ? say`Look at ${actions} and at ${dependabot}. None of these names may stand there: delete it if it does.`
        : say`Look at ${actions} and at ${dependabot}. No release credential may stand there.`,
    ],
    fields: (names ?? []).map((name) => field('Must not be there', name)),
    why: say`Every workflow on every branch gets what stands at repository or organisation level, without anybody's yes. The environment's own value wins, so the wider copy goes unnoticed.`,
    verify: ask(subject, [
      'secret-not-in-repository',
      'secret-not-in-organisation',
      'secret-not-in-dependabot',
    ]),
  };
}

function workflow(subject: Subject): Draft {
  const { environment, workflow: file, publishers } = subject.pipeline;
  const trusted =
    publishers.pypi.length > 0 ||
    publishers.npm.length > 0 ||
    publishers.cratesIo?.trustedPublishing === true;
  return {
    title: 'The workflow goes through it',
    page: settingsPage(subject, `blob/HEAD/.github/workflows/${encodeURIComponent(file)}`, file),
    before: [say`Each job of ${file} that publishes says:`],
    code: [
      `environment: ${yamlText(environment.name)}`,
      'permissions:',
      '  contents: read',
      ...(trusted ? ['  id-token: write'] : []),
    ],
    after: environment.secrets.map(
      (name) => say`${`secrets.${name}`} stands in the job that needs it, and in no other job or file.`,
    ),
    why: say`A job that does not name the environment gets neither its secrets nor an identity that the registries accept. ${trusted ? say`${'id-token: write'} belongs to the publishing jobs alone: whoever has it can ask for that identity.` : []}`,
    verify: ask(subject, [
      'workflow-exists',
      'workflow-environment',
      'workflow-id-token',
      'workflow-secret-only-there',
    ]),
  };
}

function yamlText(text: string): string {
  return /^[A-Za-z][\w-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
