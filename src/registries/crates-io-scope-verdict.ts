import type { IssuerAnswer } from '../rotate/rotation.ts';
import type { Fact } from '../verify/fact.ts';
import type { CrateFact } from '../verify/facts.ts';
import type { Asked } from './crates-io-scope-answers.ts';

/** What each scope is for, as it reads after "may". */
const MAY: Readonly<Record<string, string>> = {
  'publish-new': 'make the crate',
  'publish-update': 'publish new versions of',
  'trusted-publishing': 'change the trusted publishers of',
  'change-owners': 'change the owners of',
};

interface Declared {
  readonly declared: readonly string[];
  readonly crates: readonly string[];
}

/**
 * What was learned, held against what is declared. A declared scope that is missing refuses the token; one that nobody declared
 * is warned about, and so is what could not be learned.
 */
export function judgeScopes(
  { declared }: Pick<Declared, 'declared'>,
  asked: readonly Asked[],
  hints: readonly string[],
): IssuerAnswer {
  const missing = asked.find(
    (one) => one.outcome.kind === 'absent' && one.named && declared.includes(one.scope),
  );
  if (missing) return { verdict: 'refused', reason: `crates.io knows this token, but ${lacks(missing)}` };
  const nothing = asked.length > 0 ? [] : ['its scopes were not asked: no crate is declared for it'];
  const warnings = [...nothing, ...asked.flatMap((one) => warningsOf(one, declared)), ...hints];
  return {
    verdict: 'live',
    says: [{ label: 'Scopes', text: describe(asked, declared) }],
    ...(warnings.length > 0 && { warnings }),
  };
}

function lacks({ scope, about }: Asked): string {
  return `it may not ${MAY[scope] ?? 'use'} "${about}": it lacks the scope ${scope}, or its crate patterns leave that name out`;
}

function warningsOf(one: Asked, declared: readonly string[]): readonly string[] {
  const { scope, about, outcome } = one;
  const wanted = declared.includes(scope);
  switch (outcome.kind) {
    case 'present':
      return [
        ...(wanted ? [] : [`it has the scope ${scope}, which is not declared: nothing here needs it`]),
        ...(outcome.note === undefined ? [] : [`"${about}" ${outcome.note}`]),
      ];
    case 'absent':
      return wanted ? [lacks(one)] : [];
    case 'dead':
      return [];
    case 'unsaid':
      return [`whether it has the scope ${scope} could not be learned: ${outcome.reason}`];
  }
}

/** `has publish-update; has not trusted-publishing; not asked: yank` */
function describe(asked: readonly Asked[], declared: readonly string[]): string {
  const those = (kind: Asked['outcome']['kind'], named = true) =>
    asked.filter((one) => one.outcome.kind === kind && one.named === named).map(({ scope }) => scope);
  const known = asked.map(({ scope }) => scope);
  const parts = [
    ['has', [...those('present'), ...those('present', false)]],
    ['has not', those('absent')],
    // For a made-up name: one that is limited to other names may have it for those.
    ['not seen:', those('absent', false)],
    ['not learned:', [...those('unsaid'), ...those('unsaid', false)]],
    [
      'not asked:',
      ['yank', ...declared].filter((scope, at, all) => !known.includes(scope) && all.indexOf(scope) === at),
    ],
  ] as const;
  return parts
    .flatMap(([what, scopes]) => (scopes.length > 0 ? [`${what} ${scopes.join(', ')}`] : []))
    .join('; ');
}

/** Where each of the crates was last published without a token, and none is to be made. @returns undefined elsewhere */
export function notNeeded(
  { declared, crates: names }: Declared,
  crates: ReadonlyMap<string, Fact<CrateFact | undefined>>,
): string | undefined {
  const trusted = [...crates.values()].every(
    (one) => one.known && one.value?.versions[0]?.trustedRepository !== undefined,
  );
  if (!trusted || names.length === 0 || crates.size < names.length || declared.includes('publish-new'))
    return undefined;
  return 'this token may not be needed: the newest version of each of its crates was published by trusted publishing';
}
