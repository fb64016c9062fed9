import { unavailable } from '../fact.ts';
import type { NpmFact, Provenance } from '../facts.ts';
import type { Context, Judgement, Rule } from '../rule.ts';
import { fail, pass, unknown } from '../rule.ts';
import { publisherForm } from './npm-publisher.ts';
import { describeField, isSameRepository, judgeEach, quote } from './publisher.ts';

// Of the certificate in the attestation of the newest version: extensions 1.3.6.1.4.1.57264.1.12, .18 and .23 (sigstore/fulcio:
// docs/oid-info.md).

/** The rules look at the fields alone: neither the signature nor the log. */
const COMPARED = 'compared, not cryptographically verified';

interface Comparison {
  readonly context: Context;
  readonly found: NpmFact;
  readonly provenance: Provenance;
  readonly name: string;
  readonly expected: string;
}

type ProvenanceRule = Omit<Rule, 'section' | 'permission' | 'judge'> & {
  readonly expected: (context: Context) => string;
  readonly compare: (comparison: Comparison) => Judgement;
};

function provenanceRule({ expected: expects, compare, ...rule }: ProvenanceRule): Rule {
  return {
    ...rule,
    section: 3,
    permission: undefined,
    judge: (context) => {
      const expected = expects(context);
      return judgeEach(context.pipeline.publishers.npm, context.facts.npm, expected, (found, name) => {
        if (!found.provenance.known) return unknown(name, expected, found.provenance);
        const provenance = found.provenance.value;
        if (!provenance) return unknown(name, expected, withoutProvenance(context, found));
        return compare({ context, found, provenance, name, expected });
      });
    },
  };
}

function withoutProvenance({ facts }: Context, { version, trustedPublisher }: NpmFact) {
  const { repository } = facts;
  const missing = `${version} was published without provenance`;
  if (repository.known && repository.value.private) {
    return unavailable('not-published', `${missing}: npm makes none from a private repository`);
  }
  return unavailable(
    'not-published',
    trustedPublisher
      ? `${missing}: private packages have none, and NPM_CONFIG_PROVENANCE or publishConfig can switch it off`
      : `${missing}, as is usual without a trusted publisher`,
  );
}

const repository = provenanceRule({
  id: 'npm-provenance-repository',
  question: 'Was the newest version of each npm package built in this repository?',
  why: 'A certificate of another repository means that somebody else can publish the package.',
  severity: 'high',
  expected: ({ pipeline }) => `its provenance names the repository ${pipeline.repo}`,
  compare: (comparison) => {
    const { context, provenance, name, expected } = comparison;
    const observed = `${quote(provenance.repository)} (${COMPARED})`;
    if (isSameRepository(provenance.repository, context.pipeline.repo)) return pass(name, expected, observed);
    return fail(name, expected, observed, investigate(comparison));
  },
});

const workflow = provenanceRule({
  id: 'npm-provenance-workflow',
  question: 'Was the newest version of each npm package published by the declared workflow?',
  why: 'Another workflow that may publish is a way round the rules of this one.',
  severity: 'high',
  expected: ({ pipeline }) => `its provenance names the workflow ${pipeline.workflow}`,
  compare: (comparison) => {
    const { context, provenance, name, expected } = comparison;
    const wanted = context.pipeline.workflow;
    const observed = `${describeField('workflow', wanted, provenance.workflow)} (${COMPARED})`;
    if (provenance.workflow === wanted) return pass(name, expected, observed);
    return fail(name, expected, observed, investigate(comparison));
  },
});

const environment = provenanceRule({
  id: 'npm-provenance-environment',
  question: 'Did the newest version of each npm package come out of the declared environment?',
  why: 'Reviewers and deployment branches belong to the environment: a job of another one, or of none, publishes without them.',
  severity: 'medium',
  expected: ({ pipeline }) => `its provenance names the environment ${pipeline.environment.name}`,
  compare: (comparison) => {
    const { context, found, provenance, name, expected } = comparison;
    const wanted = context.pipeline.environment.name;
    if (provenance.environment === undefined) return judgeUnnamed(comparison, found);
    const observed = `${describeField('environment', wanted, provenance.environment)} (${COMPARED})`;
    if (provenance.environment === wanted) return pass(name, expected, observed);
    return fail(name, expected, observed, nameEnvironment(context, name));
  },
});

/** Older certificates never name one. Where another package's, no newer than this, does, the silence tells. */
function judgeUnnamed({ context, name, expected }: Comparison, found: NpmFact): Judgement {
  const sister = [...context.facts.npm.values()]
    .flatMap((fact) => (fact.known && fact.value ? [fact.value] : []))
    .find((other) => other.publishedAt <= found.publishedAt && namesEnvironment(other));
  if (!sister) {
    return unknown(
      name,
      expected,
      unavailable(
        'not-published',
        `the certificate of ${found.version} names no environment; older ones never do`,
      ),
    );
  }
  const observed = `none, though the certificate of ${sister.name} ${sister.version} names one (${COMPARED})`;
  return fail(name, expected, observed, nameEnvironment(context, name));
}

function namesEnvironment({ provenance }: NpmFact): boolean {
  return provenance.known && provenance.value?.environment !== undefined;
}

function investigate({ context, found, name }: Comparison): string {
  return `Find out who published ${name}@${found.version}; if it was none of you, run npm deprecate ${name}@${found.version} "published by mistake" and tell npm's support. To let only the declared workflow publish, ${publisherForm(context, name)}`;
}

function nameEnvironment(context: Context, name: string): string {
  const { workflow: file, environment: wanted } = context.pipeline;
  return `In ${file} write environment: ${wanted.name} in the job that publishes ${name}, in exactly these letters. Then ${publisherForm(context, name)}`;
}

export const npmProvenanceRules: readonly Rule[] = [repository, workflow, environment];
