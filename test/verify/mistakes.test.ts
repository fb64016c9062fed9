import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PublisherField } from '../../src/verify/mistakes.ts';
import { mistakeIn } from '../../src/verify/mistakes.ts';
import { SEED } from '../support/builders.ts';

const REPO = 'acme/widgets';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

type Row = readonly [PublisherField, expected: string, observed: string, mistake: string | undefined];

const URL_FOR_NAME = 'it is a URL, where only widgets belongs';
const URL_FOR_REPO = 'it is a URL, where only acme/widgets belongs';

const TABLE: readonly Row[] = [
  [
    'repository',
    'widgets',
    'https://github.com/acme/widgets',
    `${URL_FOR_NAME}; it begins with the owner, where only the name widgets belongs`,
  ],
  ['repository', REPO, 'https://github.com/acme/widgets', URL_FOR_REPO],
  ['repository', REPO, 'https://github.com/acme/widgets/tree/main', URL_FOR_REPO],
  ['repository', REPO, 'git+https://github.com/acme/widgets.git', `${URL_FOR_REPO}; it ends in .git`],
  ['repository', REPO, 'git@github.com:acme/widgets.git', `${URL_FOR_REPO}; it ends in .git`],
  ['repository', REPO, 'github:acme/widgets', URL_FOR_REPO],
  ['repository', REPO, 'github.com/acme/widgets', URL_FOR_REPO],
  ['repository', REPO, 'https://github.com/other/things', URL_FOR_REPO],
  ['repository', 'widgets', 'acme/widgets', 'it begins with the owner, where only the name widgets belongs'],
  ['repository', REPO, 'widgets', 'the owner is missing'],
  ['repository', REPO, 'acme/widgets.git', 'it ends in .git'],
  ['repository', 'dot.git', 'dot.git', undefined],
  ['repository', REPO, 'acme/widgets/', 'it ends in a slash'],
  ['repository', REPO, 'acme/widgets@refs/heads/main', 'it ends in a ref (@refs/heads/main)'],
  ['repository', REPO, 'acme/Widgets', 'upper and lower case differ'],
  ['repository', REPO, 'other/things', undefined],
  ['owner', 'acme', 'https://github.com/acme', 'it is a URL, where only acme belongs'],
  ['owner', 'acme', 'acme/widgets', 'it goes on with the repository, where only the owner belongs'],
  ['owner', 'acme', '@acme', 'it begins with @'],
  ['owner', 'acme', 'ACME', 'upper and lower case differ'],
  ['owner', 'acme', 'other', undefined],
  ['owner', 'acme', '', 'it is empty'],
  [
    'workflow',
    'release.yml',
    '.github/workflows/release.yml',
    'it is a path, where only the file name release.yml belongs',
  ],
  [
    'workflow',
    'release.yml',
    'acme/widgets/.github/workflows/release.yml@refs/heads/main',
    'it ends in a ref (@refs/heads/main); it is a path, where only the file name release.yml belongs',
  ],
  [
    'workflow',
    'release.yml',
    'https://github.com/acme/widgets/blob/main/.github/workflows/release.yml',
    'it is a URL, where only release.yml belongs; it is a path, where only the file name release.yml belongs',
  ],
  ['workflow', 'release.yml', 'release.yml@refs/heads/main', 'it ends in a ref (@refs/heads/main)'],
  ['workflow', 'release.yml', 'release.yml@main', 'it ends in a ref (@main)'],
  ['workflow', 'release.yml', `release.yml@${COMMIT}`, `it ends in a ref (@${COMMIT})`],
  ['workflow', 'release.yml', 'release.yaml', 'it ends in .yaml instead of .yml'],
  ['workflow', 'release.yaml', 'release.yml', 'it ends in .yml instead of .yaml'],
  ['workflow', 'release.yml', 'release', 'it lacks the ending .yml'],
  [
    'workflow',
    'release.yml',
    'Release.yaml',
    'it ends in .yaml instead of .yml; upper and lower case differ',
  ],
  ['workflow', 'release.yml', 'publish.yml', undefined],
  ['workflow', 'release.yml', 'publish.yaml', undefined],
  ['environment', 'release', 'Release', 'upper and lower case differ'],
  ['environment', 'release', '', 'it is empty, so that a job of any environment will do'],
  ['environment', 'release', '  ', 'it is empty, so that a job of any environment will do'],
  ['environment', 'release', ' release', 'it begins or ends with a blank'],
  ['environment', 'release', 'release\n', 'it begins or ends with a blank'],
  ['environment', 'release', ' Release\t', 'it begins or ends with a blank; upper and lower case differ'],
  [
    'environment',
    'release',
    'https://github.com/acme/widgets/settings/environments',
    'it is a URL, where only release belongs',
  ],
  ['environment', 'release', 'staging', undefined],
];

describe('mistakeIn', () => {
  it.each(TABLE)(
    'of a field for the %s %j, where %j stands, answers %j',
    (field, expected, observed, mistake) => {
      expect(mistakeIn(field, expected, observed)).toBe(mistake);
    },
  );

  const fields = fc.constantFrom<PublisherField>('repository', 'workflow', 'environment', 'owner');
  const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);

  it('never throws, and names nothing where the field is as expected', () => {
    fc.assert(
      fc.property(
        fields,
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (field, expected, observed) => {
          const mistake = mistakeIn(field, expected, observed);
          expect(mistake === undefined || mistake.length > 0).toBe(true);
          expect(mistakeIn(field, expected, expected)).toBeUndefined();
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('names every layer that was put around a right repository', () => {
    const layers: Readonly<Record<string, (text: string) => string>> = {
      'upper and lower case differ': (text) => text.toUpperCase(),
      'it ends in .git': (text) => `${text}.git`,
      'it is a URL': (text) => `https://github.com/${text}`,
      'it begins or ends with a blank': (text) => ` ${text}`,
    };
    fc.assert(
      fc.property(names, names, fc.subarray(Object.keys(layers), { minLength: 1 }), (owner, name, chosen) => {
        const repo = `${owner}/${name}`;
        const observed = chosen.reduce((text, layer) => layers[layer]?.(text) ?? text, repo);
        const mistake = mistakeIn('repository', repo, observed);
        for (const layer of chosen) expect(mistake).toContain(layer);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
