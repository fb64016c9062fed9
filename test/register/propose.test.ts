import { describe, expect, it } from 'vitest';
import { formatDay } from '../../src/domain/calendar.ts';
import type { FoundSecret } from '../../src/register/found.ts';
import { estimateFor, nameFor, proposeCredentials } from '../../src/register/propose.ts';
import { daysFromNow, NOW } from '../support/builders.ts';

function found(place: string, writtenDaysAgo = 10): FoundSecret {
  const [repo = '', environment = '', secret = ''] = place.split(' ');
  const updatedAt = daysFromNow(-writtenDaysAgo);
  return { destination: { repo, environment, secret }, createdAt: daysFromNow(-900), updatedAt };
}

function namesOf(...places: readonly string[]): readonly string[] {
  return proposeCredentials(
    places.map((place) => found(place)),
    NOW,
  ).map(({ name }) => name);
}

describe('proposeCredentials', () => {
  it('makes one of the environments of a repository that have a secret of the same name', () => {
    const [first, ...others] = proposeCredentials(
      [found('acme/widgets release CRATES_IO_TOKEN', 10), found('Acme/Widgets staging CRATES_IO_TOKEN', 30)],
      NOW,
    );
    expect(others).toEqual([]);
    expect(first?.destinations.map(({ environment }) => environment)).toEqual(['release', 'staging']);
    expect(first?.writtenAt).toEqual(daysFromNow(-30));
  });

  it('makes two of two repositories, since nobody can see whether they hold the same', () => {
    expect(namesOf('acme/widgets release NPM_TOKEN', 'acme/gadgets release NPM_TOKEN')).toEqual([
      'npm-token-gadgets',
      'npm-token-widgets',
    ]);
  });

  it.each([
    [
      'the owner where the repositories are called the same',
      'other/widgets release NPM_TOKEN',
      ['npm-token-acme-widgets', 'npm-token-other-widgets'],
    ],
    ['nothing where the names differ', 'acme/gadgets release PYPI_TOKEN', ['npm-token', 'pypi-token']],
    [
      'the repository where only a sign differs',
      'acme/gadgets release NPM__TOKEN',
      ['npm-token-gadgets', 'npm-token-widgets'],
    ],
  ])('adds %s', (_, other, names) => {
    expect(namesOf('acme/widgets release NPM_TOKEN', other)).toEqual(names);
  });

  it('takes no name that is taken, none of its own tokens, and none that a configuration refuses', () => {
    const long = `acme/widgets release ${'A'.repeat(200)}`;
    const all = proposeCredentials(
      [
        found('acme/widgets release NPM_TOKEN'),
        found('acme/widgets release RESEAL_SEAL_TOKEN'),
        found('acme/widgets release ___'),
        found(long),
      ],
      NOW,
      ['NPM-token'],
    ).map(({ name }) => name);
    expect(all).toEqual(['a'.repeat(64), 'credential', 'npm-token-widgets', 'reseal-seal-token-widgets']);
  });

  it('counts where nothing else tells two apart', () => {
    const taken = ['npm-token', 'npm-token-widgets', 'npm-token-acme-widgets'];
    const [one] = proposeCredentials([found('acme/widgets release NPM_TOKEN')], NOW, taken);
    expect(one?.name).toBe('npm-token-acme-widgets-2');
    expect(nameFor('NPM_TOKEN', undefined, ['npm-token'])).toBe('npm-token-2');
  });

  it('calls generic, and dates in no way, what it does not know by name', () => {
    const [one] = proposeCredentials([found('acme/widgets release DEPLOY_WEBHOOK')], NOW);
    expect(one).toMatchObject({
      kind: 'generic',
      guessed: false,
      estimate: undefined,
      estimatedEnd: undefined,
    });
  });
});

describe('estimateFor', () => {
  it('takes the last write for its creation, the longest usual lifetime, and says that it is an estimate', () => {
    expect(estimateFor('crates-io-token', daysFromNow(-100), NOW)).toEqual({
      expiry: { kind: 'known', at: daysFromNow(265), source: 'estimated' },
      lifetimeDays: 365,
      createdAt: daysFromNow(-100),
      checked: 'not-asked',
    });
  });

  it.each([
    ['npm-token', '2026-08-01', '2026-10-30', 'the rule that held'],
    ['npm-token', '2025-10-20', '2026-01-18', 'what could be chosen before the rule'],
    ['npm-token', '2025-11-04', '2026-02-02', 'what could be chosen before the rule'],
    ['nuget-key', '2026-08-10', '2026-09-09', 'what can be chosen'],
    ['vscode-marketplace-token', '2026-08-01', '2027-08-01', 'a year at most'],
  ])('of %s, written on %s, is %s: %s', (kind, written, ends) => {
    const writtenAt = new Date(`${written}T00:00:00Z`);
    const estimate = estimateFor(kind, writtenAt, writtenAt);
    expect(estimate?.expiry.kind === 'known' && formatDay(estimate.expiry.at)).toBe(ends);
  });

  it.each([
    ['certificate', 10, 'only it knows itself'],
    ['pypi-token', 10, 'its issuer gives none'],
    ['docker-hub-token', 10, 'its issuer offers any'],
    ['crates-io-token', 365, 'it would be over'],
    ['no-such-kind', 10, 'nothing is known of it'],
  ])('is none of %s written %i days ago: %s', (kind, days) => {
    expect(estimateFor(kind, daysFromNow(-days), NOW)).toBeUndefined();
  });
});
