import { daysBetween, formatForPeople } from '../../domain/calendar.ts';
import {
  declaredAt,
  isMissing,
  listed,
  openEnvironment,
  withoutEnvironment,
} from '../declared-environment.ts';
import type { Fact } from '../fact.ts';
import { unavailable } from '../fact.ts';
import type { SecretFact, SecretsFacts, StoredSecret } from '../facts.ts';
import type { Severity } from '../finding.ts';
import { settingsOf } from '../pages.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';

// Chapter 1 of the runbook: where the secrets live. The environment's secret wins over the repository's, and that over the
// organisation's (docs.github.com, "Secrets reference"); names have no case.

const NAMES_SHOWN = 10;

const inEnvironment: Rule = {
  id: 'secret-in-environment',
  section: 1,
  question: 'Is each declared secret in the environment?',
  why: 'Without it the publishing step gets an empty token, or one of the same name that lies where more can read it.',
  severity: 'high',
  permission: 'environments:read',
  judge: (context) => {
    const expected = `a secret of the environment ${context.pipeline.environment.name}`;
    return judgeSecrets(context, expected, (name, secrets) => {
      const found = find(secrets, name);
      if (found) return pass(name, expected, `it is there, of ${formatForPeople(found.updatedAt)}`);
      const others = secrets.map((secret) => secret.name);
      const more = others.length > NAMES_SHOWN ? ', …' : '';
      const observed =
        others.length > 0
          ? `it is not there; what is: ${others.slice(0, NAMES_SHOWN).join(', ')}${more}`
          : 'it is not there: the environment has no secrets';
      return fail(name, expected, observed, storeAgain(context, name));
    });
  },
};

/** A judgement for each declared secret, by what stands in the environment. */
function judgeSecrets(
  context: Context,
  expected: string,
  judge: (name: string, secrets: readonly SecretFact[]) => Judgement,
): readonly Judgement[] {
  const { name: environment, secrets: declared } = context.pipeline.environment;
  const found = context.facts.secrets.environment;
  return declared.map((name) => {
    if (isMissing(context)) return notApplicable(name, expected, withoutEnvironment(environment));
    return found.known ? judge(name, found.value) : unknown(name, expected, found);
  });
}

function find(secrets: readonly SecretFact[], name: string): SecretFact | undefined {
  return secrets.find((secret) => sameName(secret.name, name));
}

function sameName(one: string, other: string): boolean {
  return one.toUpperCase() === other.toUpperCase();
}

function storedOf({ facts }: Context, name: string): StoredSecret | undefined {
  return facts.stored.get(name.toUpperCase());
}

function storeAgain(context: Context, name: string): string {
  const stored = storedOf(context, name);
  return stored
    ? `run \`reseal rotate ${stored.credential}\`, which stores a new one in the environment`
    : `${openEnvironment(context)}; under "Environment secrets" press "Add environment secret" and enter ${name} as "Name"`;
}

interface Elsewhere {
  readonly id: string;
  readonly level: string;
  readonly why: string;
  readonly severity: Severity;
  readonly permission: string;
  readonly secretsOf: (secrets: SecretsFacts) => Fact<readonly SecretFact[]>;
  /** How to take it away from there: the page, its list, and what to press. */
  readonly removal: (context: Context, name: string) => string;
}

/** That a declared secret has no namesake at a wider level. */
function nowhereElse({ id, level, why, severity, permission, secretsOf, removal }: Elsewhere): Rule {
  return {
    id,
    section: 1,
    question: `Is there no ${level} secret by the name of a declared one?`,
    why,
    severity,
    permission,
    judge: (context) =>
      context.pipeline.environment.secrets.map((name) => {
        const expected = `no ${level} secret of that name`;
        const found = secretsOf(context.facts.secrets);
        if (!found.known) return unknown(name, expected, found);
        const other = find(found.value, name);
        if (!other) return pass(name, expected, 'there is none');
        const observed = `there is one, of ${formatForPeople(other.updatedAt)}`;
        const remedy = `${removal(context, name)}; ${replaceIt(context, name)}`;
        return fail(name, expected, observed, remedy);
      }),
  };
}

function replaceIt(context: Context, name: string): string {
  return `if both held the same token, more could read it than was meant: ${storeAgain(context, name)}, and revoke the old one at its issuer`;
}

const notInRepository = nowhereElse({
  id: 'secret-not-in-repository',
  level: 'repository',
  why: 'A secret of the repository is read by every workflow on every branch, without approval, and by a job that forgets to name the environment.',
  severity: 'high',
  permission: 'secrets:read',
  secretsOf: ({ repository }) => repository,
  removal: ({ pages }, name) =>
    `open ${settingsOf(pages, 'settings/secrets/actions', 'Settings → Secrets and variables → Actions of the repository')}; under "Repository secrets" press the bin beside ${name} and confirm`,
});

const notInOrganisation = nowhereElse({
  id: 'secret-not-in-organisation',
  level: 'organisation',
  why: 'A secret of the organisation is read by the workflows of each repository that it reaches, without approval, and by a job that forgets to name the environment.',
  severity: 'high',
  permission: 'secrets:read',
  secretsOf: ({ organisation }) => organisation,
  removal: (context, name) =>
    `as an owner of the organisation, open ${organisationPage(context)}; under "Organization secrets" press the pencil beside ${name} and take this repository out of its "Repository access", or, if no other needs it, press the bin and confirm`,
});

/** `https://HOST/organizations/ORG/settings/secrets/actions`, at github.com and at a server of one's own. */
function organisationPage({ pipeline, pages }: Context): string {
  const [owner = ''] = pipeline.repo.split('/');
  const host = pages.repository?.split('/').slice(0, -2).join('/');
  return host
    ? `${host}/organizations/${owner}/settings/secrets/actions`
    : `Settings → Secrets and variables → Actions of the organisation ${owner}`;
}

const notInDependabot = nowhereElse({
  id: 'secret-not-in-dependabot',
  level: 'Dependabot',
  why: 'Runs that Dependabot starts execute what an update brings in, and read the secrets of this list.',
  severity: 'medium',
  permission: 'dependabot_secrets:read',
  secretsOf: ({ dependabot }) => dependabot,
  removal: ({ pages }, name) =>
    `open ${settingsOf(pages, 'settings/secrets/dependabot', 'Settings → Secrets and variables → Dependabot of the repository')}; under "Repository secrets" press the bin beside ${name} and confirm`,
});

const undeclared: Rule = {
  id: 'secret-undeclared',
  section: 1,
  question: 'Is every secret of the environment declared?',
  why: 'Nobody is reminded of a secret that is not declared, and each job of the environment can read it.',
  severity: 'low',
  permission: 'environments:read',
  judge: (context) => {
    const { name: environment, secrets: declared } = context.pipeline.environment;
    const expected = 'no secret that is not declared';
    if (isMissing(context)) return [notApplicable(environment, expected, withoutEnvironment(environment))];
    const found = context.facts.secrets.environment;
    if (!found.known) return [unknown(environment, expected, found)];
    const surplus = found.value.filter(({ name }) => !declared.some((one) => sameName(one, name)));
    if (surplus.length === 0) {
      const names = found.value.map(({ name }) => name);
      return [pass(environment, expected, names.length > 0 ? `only ${listed(names)}` : 'no secrets at all')];
    }
    return surplus.map((secret) => judgeUndeclared(context, secret));
  },
};

function judgeUndeclared(context: Context, { name, updatedAt }: SecretFact): Judgement {
  const key = declaredAt(context, 'secrets');
  const remedy = `if a job needs it, add ${name} to ${key}; if none does, ${openEnvironment(context)}, press the bin beside ${name} under "Environment secrets" and confirm, and revoke it at its issuer`;
  return fail(name, `declared in ${key}, or gone`, `there, of ${formatForPeople(updatedAt)}`, remedy);
}

const age: Rule = {
  id: 'secret-age',
  section: 1,
  question: 'Is each secret the one that reseal stored, and not older than one lives?',
  why: 'A later date means that somebody else wrote it; one past its lifetime holds a token that is dead.',
  severity: 'low',
  permission: 'environments:read',
  judge: (context) =>
    judgeSecrets(context, 'what reseal stored, within its lifetime', (name, secrets) => {
      const expected = 'what reseal stored, within its lifetime';
      const found = find(secrets, name);
      if (!found) return notApplicable(name, expected, 'it is not in the environment');
      const stored = storedOf(context, name);
      if (!stored) return notApplicable(name, expected, 'no registered credential is stored there');
      return judgeAge(found, stored, { name, expected, at: context.facts.at });
    }),
};

function judgeAge(
  { updatedAt }: SecretFact,
  stored: StoredSecret,
  { name, expected, at }: { readonly name: string; readonly expected: string; readonly at: Date },
): Judgement {
  const { credential, storedAt, remoteUpdatedAt, lifetimeDays } = stored;
  const found = `GitHub dates it ${formatForPeople(updatedAt)}`;
  if (storedAt && remoteUpdatedAt && updatedAt > remoteUpdatedAt) {
    const observed = `${found}, after what reseal stored (${formatForPeople(remoteUpdatedAt)}): somebody else wrote it`;
    const remedy = `find out who did (an organisation's audit log has it as environment.update_actions_secret); if the token is right, run \`reseal confirm ${credential} --stored --expires DATE\` with the expiry that its issuer shows, else \`reseal rotate ${credential}\``;
    return { ...fail(name, expected, observed, remedy), severity: 'medium' };
  }
  const days = daysBetween(updatedAt, at);
  if (lifetimeDays !== undefined && days >= lifetimeDays) {
    const observed = `${found}, ${days} days ago: one lives for ${lifetimeDays} days`;
    const remedy = `make a new one and run \`reseal rotate ${credential}\``;
    return { ...fail(name, expected, observed, remedy), severity: 'medium' };
  }
  if (!storedAt) return notApplicable(name, expected, `${found}, and reseal has never stored one there`);
  if (!remoteUpdatedAt) {
    const reason = `nobody has seen the last write of reseal land: settle it with \`reseal confirm ${credential} --stored --expires DATE\` or \`--not-stored\``;
    return unknown(name, expected, unavailable('settling', reason));
  }
  if (updatedAt < remoteUpdatedAt) {
    const reason = `${found}, before what reseal has seen there (${formatForPeople(remoteUpdatedAt)}): an outdated answer, to be asked for again`;
    return unknown(name, expected, unavailable('settling', reason));
  }
  return pass(name, expected, `${found}, when reseal stored it`);
}

export const SECRETS_RULES: readonly Rule[] = [
  inEnvironment,
  notInRepository,
  notInOrganisation,
  notInDependabot,
  undeclared,
  age,
];
