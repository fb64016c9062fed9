import type { App } from '../app.ts';
import type { Destination, DestinationState } from '../domain/credential.ts';
import { formatDestination } from '../domain/credential.ts';
import { ownTokenOf } from '../domain/own-token.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, unknown } from './line.ts';
import { needing } from './scene.ts';

/** What the register says of one credential. */
export interface CredentialFacts {
  readonly name: string;
  readonly owner: string;
  /** False: nobody of that name is in the configuration. */
  readonly hasOwner: boolean;
  /** False: it has left the configuration. */
  readonly declared: boolean;
  /** False: no version was ever recorded; `planned` ones need none. */
  readonly recorded: boolean;
  readonly planned: boolean;
  /** One of reseal's own tokens: GitHub is asked about them. */
  readonly own: boolean;
  readonly unconfirmed: boolean;
  readonly places: readonly { readonly destination: Destination; readonly state: DestinationState }[];
}

/** More would bury what is said of the rest. */
const MOST_LINES = 20;

/** Each credential's owner, version and places, as the register has them: GitHub is not asked about hundreds. */
export const credentials: Check = {
  id: 'credentials',
  title: 'Credentials',
  run: ({ app }) => needing(app, 'credentials', (value) => judgeCredentials(factsOf(value), newNames(value))),
};

function factsOf({ register, policy }: App): readonly CredentialFacts[] {
  return register
    .list()
    .filter(({ retiredAt }) => !retiredAt)
    .map(({ declaration, declared, current, destinations, unconfirmedSince }) => ({
      name: declaration.name,
      owner: declaration.owner,
      hasOwner: declaration.owner === '*' || policy.addresses.has(declaration.owner),
      declared,
      recorded: current !== undefined,
      planned: declaration.planned,
      own: ownTokenOf(declaration.name) !== undefined,
      unconfirmed: unconfirmedSince !== undefined,
      places: destinations,
    }));
}

function newNames({ declared, register }: App): readonly string[] {
  return declared.map(({ name }) => name).filter((name) => !register.find(name));
}

/** @param fresh names that are declared and not in the register yet */
export function judgeCredentials(
  all: readonly CredentialFacts[],
  fresh: readonly string[],
): readonly Remark[] {
  const remarks = all.flatMap(judgeCredential);
  const shown = remarks.slice(0, MOST_LINES);
  const rest = remarks.length - shown.length;
  const good = all.length - new Set(remarks.map(({ subject }) => subject)).size;
  const text =
    all.length === 0
      ? 'it holds no credential yet'
      : `${good} of ${count(all.length, 'credential')} with owner, version and places in order`;
  return [
    ok('register', text),
    ...(fresh.length > 0 ? [takeUp(fresh)] : []),
    ...shown,
    ...(rest > 0 ? [problem('register', `${rest} more lines like these`, 'see all: reseal status')] : []),
  ];
}

function takeUp(fresh: readonly string[]): Remark {
  const names = fresh.slice(0, 5).join(', ') + (fresh.length > 5 ? ` and ${fresh.length - 5} more` : '');
  return unknown(
    'register',
    `declared, and not taken up yet: ${names}`,
    'the daemon does it at its next round',
  );
}

function judgeCredential(facts: CredentialFacts): readonly Remark[] {
  const { name, owner, hasOwner, declared, recorded, planned, own, unconfirmed, places } = facts;
  const remarks: Remark[] = [];
  if (!hasOwner) {
    const text = `its owner "${owner}" is not in the configuration any more: everybody else is told instead`;
    remarks.push(problem(name, text, `declare the owner again, or: reseal retire ${name}`));
  }
  if (!declared) {
    const text = 'it is not in the configuration any more; its reminders go on';
    remarks.push(problem(name, text, `declare it again, or: reseal retire ${name}`));
  }
  if (!recorded && !planned && !own) {
    const next = `reseal record ${name} --expires DATE, as its issuer shows it; or a new one: reseal rotate ${name}`;
    remarks.push(unknown(name, 'no version is recorded, so that nobody knows when it expires', next));
  }
  if (unconfirmed) {
    const next = `reseal confirm ${name} --stored --expires DATE, or --not-stored`;
    remarks.push(problem(name, 'a rotation is unconfirmed: the new token may be in GitHub', next));
  }
  return [...remarks, ...places.flatMap((place) => judgePlace(name, place))];
}

function judgePlace(
  name: string,
  { destination, state }: CredentialFacts['places'][number],
): readonly Remark[] {
  const where = formatDestination(destination);
  switch (state) {
    case 'missing':
      return [problem(name, `GitHub has no secret ${where}`, `reseal rotate ${name} --only-missing`)];
    case 'changed-elsewhere': {
      const next = `find out whose it is; then: reseal confirm ${name} --stored --expires DATE, or: reseal rotate ${name}`;
      return [problem(name, `somebody else has changed ${where}`, next)];
    }
    case 'unconfirmed': {
      const next = `reseal confirm ${name} --stored --expires DATE, or --not-stored`;
      return [problem(name, `nobody has seen that the last write to ${where} landed`, next)];
    }
    case 'unknown': {
      const next = 'see below what GitHub says to the token that seals: the environment may be gone';
      return [unknown(name, `${where} could not be read`, next)];
    }
    case 'verified':
    case 'never-stored':
      return [];
  }
}
