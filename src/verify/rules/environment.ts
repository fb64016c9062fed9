import { declaredAt, judgeEnvironment, listed, openEnvironment } from '../declared-environment.ts';
import { compareBranches, describeBranch, describePolicy } from '../deployment-branches.ts';
import { unavailable } from '../fact.ts';
import type { EnvironmentFact } from '../facts.ts';
import { settingsOf } from '../pages.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, notApplicable, pass, unknown } from '../rule.ts';

// Chapter 4 of the runbook: the environment. The names of the fields are those of GitHub's page: docs.github.com, "Managing
// environments for deployment"; what they do: "Deployments and environments".

const SAVE = 'press "Save protection rules"';
const UNSAID = 'an answer of GitHub that does not say it';

const exists: Rule = {
  id: 'environment-exists',
  section: 4,
  question: 'Does the environment exist?',
  why: 'A workflow that names a missing environment creates it, without reviewers and open to every branch.',
  severity: 'high',
  permission: 'actions:read',
  judge: ({ pipeline, facts: { environment }, pages }) => {
    const { name } = pipeline.environment;
    const expected = `an environment named ${name}`;
    if (!environment.known) return [unknown(name, expected, environment)];
    if (environment.value) return [pass(name, expected, `it exists, as ${environment.value.name}`)];
    const page = settingsOf(pages, 'settings/environments', 'Settings → Environments of the repository');
    const remedy = `open ${page}, press "New environment", enter ${name} as "Name" and press "Configure environment"; then run \`reseal verify\` again for what it is to ask for`;
    return [
      fail(name, expected, 'there is none: the first run that names it creates it unprotected', remedy),
    ];
  },
};

const reviewers: Rule = {
  id: 'environment-reviewers',
  section: 4,
  question: 'Are the required reviewers exactly the declared ones?',
  why: 'One approval of any of them is enough: a name too many can release alone, and without any nobody is asked.',
  severity: 'high',
  permission: 'actions:read',
  judge: (context) => {
    const declared = context.pipeline.environment.requiredReviewers;
    const expected = declared.length > 0 ? `${listed(declared, 'or')} must approve` : 'nobody has to approve';
    return judgeEnvironment(context, expected, (environment, subject) => {
      const missing = without(declared, environment.reviewers);
      const surplus = without(environment.reviewers, declared);
      const found = describeReviewers(environment.reviewers);
      if (missing.length + surplus.length === 0) return pass(subject, expected, found);
      const observed = [
        found,
        ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
        ...(surplus.length > 0 ? [`not declared: ${listed(surplus)}`] : []),
      ].join('; ');
      const judgement = fail(subject, expected, observed, reviewersRemedy(context, missing, surplus));
      // More is asked for than was declared: nothing is open.
      return declared.length > 0 ? judgement : { ...judgement, severity: 'low' };
    });
  },
};

/** Logins and slugs have no case. */
function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.map((name) => name.toLowerCase()));
  return names.filter((name) => !known.has(name.toLowerCase()));
}

function describeReviewers(names: readonly string[]): string {
  return names.length > 0 ? `${listed(names, 'or')} must approve` : 'nobody has to approve';
}

function reviewersRemedy(context: Context, missing: readonly string[], surplus: readonly string[]): string {
  const declared = context.pipeline.environment.requiredReviewers;
  const changes = [
    ...(missing.length > 0 ? [`add ${listed(missing)}`] : []),
    ...(surplus.length > 0 ? [`remove ${listed(surplus)}`] : []),
  ];
  const page =
    declared.length > 0 ? `tick "Required reviewers", ${changes.join(', ')}` : 'clear "Required reviewers"';
  const meant =
    surplus.length > 0
      ? `; if ${listed(surplus)} is meant to approve, add it to ${declaredAt(context, 'required-reviewers')} instead`
      : '';
  return `${openEnvironment(context)}; ${page}, and ${SAVE}${meant}`;
}

const selfReview: Rule = {
  id: 'environment-self-review',
  section: 4,
  question: 'Where several people can approve, must it be another than who started the run?',
  why: 'Otherwise one stolen account starts a release and approves it.',
  severity: 'medium',
  permission: 'actions:read',
  judge: (context) => {
    const { name, requiredReviewers } = context.pipeline.environment;
    const expected = 'who starts a run may not approve it';
    if (!severalMayApprove(requiredReviewers)) {
      const [only] = requiredReviewers;
      const because = only
        ? `${only} is the only reviewer declared, and could approve no release of their own`
        : 'no reviewer is declared';
      return [notApplicable(name, expected, because)];
    }
    return judgeEnvironment(context, expected, (environment, subject) => {
      if (environment.reviewers.length === 0)
        return notApplicable(subject, expected, 'the environment has no reviewers');
      if (environment.preventsSelfReview === undefined)
        return unknown(subject, expected, unavailable('unreachable', UNSAID));
      if (environment.preventsSelfReview) return pass(subject, expected);
      const remedy = `${openEnvironment(context)}; under "Required reviewers" tick "Prevent self-review" and ${SAVE}`;
      return fail(subject, expected, 'who starts a run may approve it', remedy);
    });
  },
};

/** A team (`org/slug`) is taken for several people: how many are in it is not read. */
function severalMayApprove(declared: readonly string[]): boolean {
  return declared.length > 1 || declared.some((name) => name.includes('/'));
}

const adminBypass: Rule = {
  id: 'environment-admin-bypass',
  section: 4,
  question: 'May administrators skip the rules of the environment as declared?',
  why: 'GitHub lets every administrator of the repository skip reviewers and waiting, unless that is switched off.',
  severity: 'medium',
  permission: 'actions:read',
  judge: (context) => {
    const declared = context.pipeline.environment.adminsMayBypass;
    if (declared === undefined) return [];
    const expected = describeBypass(declared);
    return judgeEnvironment(context, expected, ({ adminsMayBypass: found }, subject) => {
      if (found === undefined) return unknown(subject, expected, unavailable('unreachable', UNSAID));
      if (found === declared) return pass(subject, expected);
      const remedy = `${openEnvironment(context)}; ${declared ? 'tick' : 'clear'} "Allow administrators to bypass configured protection rules" and ${SAVE}, or set ${declaredAt(context, 'admins-may-bypass')} to ${found}`;
      const judgement = fail(subject, expected, describeBypass(found), remedy);
      return declared ? { ...judgement, severity: 'low' } : judgement;
    });
  },
};

function describeBypass(may: boolean): string {
  return may ? 'administrators may skip the rules' : 'not even administrators may skip the rules';
}

const waitTimer: Rule = {
  id: 'environment-wait-timer',
  section: 4,
  question: 'Is the wait timer the declared one?',
  why: 'A timer that nobody expects looks like a release that hangs; one that is missing takes away the time to stop it.',
  severity: 'low',
  permission: 'actions:read',
  judge: (context) => {
    const declared = context.pipeline.environment.waitTimer;
    const expected = describeTimer(declared);
    return judgeEnvironment(context, expected, ({ waitTimer: found }, subject) => {
      if (found === declared) return pass(subject, expected);
      const setting =
        declared === 0 ? 'clear "Wait timer"' : `tick "Wait timer", enter ${declared} as the minutes`;
      const remedy = `${openEnvironment(context)}; ${setting} and ${SAVE}, or set ${declaredAt(context, 'wait-timer')} to ${found}`;
      return fail(subject, expected, describeTimer(found), remedy);
    });
  },
};

function describeTimer(minutes: number): string {
  if (minutes === 0) return 'no wait timer';
  return `a wait timer of ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

const deploymentBranches: Rule = {
  id: 'environment-deployment-branches',
  section: 4,
  question: 'May exactly the declared branches deploy?',
  why: 'Whoever can push to a branch that may deploy can change the workflow there and take the secrets.',
  severity: 'high',
  permission: 'actions:read',
  judge: (context) => {
    const declared = context.pipeline.environment.deploymentBranches;
    const expected = declared
      ? `only ${listed(declared)} may deploy`
      : 'any branch may deploy, since none is declared';
    return judgeEnvironment(context, expected, (environment, subject) =>
      judgeBranches(context, environment, { subject, expected, declared }),
    );
  },
};

function judgeBranches(
  context: Context,
  environment: EnvironmentFact,
  {
    subject,
    expected,
    declared,
  }: {
    readonly subject: string;
    readonly expected: string;
    readonly declared: readonly string[] | undefined;
  },
): Judgement {
  const found = context.facts.deploymentBranches;
  if (!found.known) return unknown(subject, expected, found);
  const policy = describePolicy(environment, found.value);
  if (!declared) return pass(subject, expected, policy);
  const isCustom = environment.deploymentPolicy === 'custom';
  const { missing, surplus } = compareBranches(declared, isCustom ? found.value : []);
  if (isCustom && missing.length + surplus.length === 0) return pass(subject, expected, policy);
  const observed = isCustom && missing.length > 0 ? `${policy}; missing: ${listed(missing)}` : policy;
  const steps = [
    openEnvironment(context),
    ...(isCustom ? [] : ['under "Deployment branches and tags" choose "Selected branches and tags"']),
    ...missing.map(
      (pattern) =>
        `press "Add deployment branch or tag rule", choose "Branch" as "Ref type", enter ${pattern} and press "Add rule"`,
    ),
    ...surplus.map((branch) => `remove the rule ${describeBranch(branch)}`),
  ];
  return fail(subject, expected, observed, steps.join('; '));
}

const customRules: Rule = {
  id: 'environment-custom-rules',
  section: 4,
  question: 'Which apps decide about deployments besides the reviewers?',
  why: 'A custom rule only adds protection, but a release waits for an app that does not answer.',
  severity: 'low',
  permission: 'actions:read',
  judge: (context) => {
    const expected = 'known: whatever they are, they only add to the protection';
    return judgeEnvironment(context, expected, (_environment, subject) => {
      const found = context.facts.customRules;
      if (!found.known) return unknown(subject, expected, found);
      return pass(subject, expected, found.value.length > 0 ? listed(found.value) : 'none');
    });
  },
};

export const ENVIRONMENT_RULES: readonly Rule[] = [
  exists,
  reviewers,
  selfReview,
  adminBypass,
  waitTimer,
  deploymentBranches,
  customRules,
];
