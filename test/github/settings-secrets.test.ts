import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHubSettings } from '../../src/verify/sources.ts';
import type { Ground } from './settings-readers.ts';
import { READERS, reasonOf, STORED_AT, startGround, valueIn } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';
const AT = new Date('2026-09-01T12:00:00Z');

let ground: Ground;

beforeEach(async () => {
  ground = await startGround();
  ground.github.setRepository(REPO, { ownedByOrganisation: true });
});
afterEach(() => ground.github.close());

const LEVELS: readonly {
  readonly level: string;
  readonly add: (name: string) => void;
  readonly read: (settings: GitHubSettings) => ReturnType<GitHubSettings['repositorySecrets']>;
  readonly before: readonly string[];
}[] = [
  {
    level: 'environment',
    add: (name) => ground.github.addSecret({ repository: REPO, environment: 'release', name, at: AT }),
    read: (settings) => settings.environmentSecrets('release'),
    before: ['CRATES_IO_TOKEN'],
  },
  {
    level: 'repository',
    add: (name) => ground.github.addRepositorySecret({ repository: REPO, name, at: AT }),
    read: (settings) => settings.repositorySecrets(),
    before: [],
  },
  {
    level: 'organisation',
    add: (name) => ground.github.addOrganisationSecret({ repository: REPO, name, at: AT }),
    read: (settings) => settings.organisationSecrets(),
    before: [],
  },
  {
    level: 'Dependabot',
    add: (name) => ground.github.addDependabotSecret({ repository: REPO, name, at: AT }),
    read: (settings) => settings.dependabotSecrets(),
    before: [],
  },
];

describe.each(LEVELS)('secrets at $level level', ({ level, add, read, before }) => {
  it('come with their times', async () => {
    add('NPM_TOKEN');
    expect(valueIn(await read(ground.open()))).toContainEqual({ name: 'NPM_TOKEN', updatedAt: AT });
  });

  it('come from every page', async () => {
    const names = Array.from({ length: 205 }, (_, n) => `S${String(n).padStart(3, '0')}`);
    for (const name of names) add(name);
    const found = valueIn(await read(ground.open())).map(({ name }) => name);
    expect(found).toEqual([...before, ...names]);
  });

  it('stay at their own level', async () => {
    add('NPM_TOKEN');
    const settings = ground.open();
    const others = LEVELS.filter((one) => one.level !== level);
    for (const other of others) {
      expect(valueIn(await other.read(settings)).map(({ name }) => name)).not.toContain('NPM_TOKEN');
    }
  });

  it.each([
    { total_count: 1, secrets: [] },
    {
      total_count: 1,
      secrets: [{ name: 'A b', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' }],
    },
    { total_count: 1, secrets: [{ name: 'A', created_at: '2026-01-01T00:00:00Z', updated_at: 'yesterday' }] },
    { secrets: [] },
  ])('are unreadable in an answer such as %j', async (body) => {
    ground.github.fault({ path: /secrets$/, kind: 'status', status: 200, body });
    expect(reasonOf(await read(ground.open())).obstacle).toBe('unreachable');
  });
});

describe('organisationSecrets', () => {
  it('are none, unasked, where a user owns the repository', async () => {
    ground.github.setRepository(REPO, { ownedByOrganisation: false });
    expect(valueIn(await ground.open().organisationSecrets())).toEqual([]);
    expect(ground.github.requests).toHaveLength(1);
  });

  it('are unknown where it is not known who owns it', async () => {
    ground.github.fault({ path: /rust_sqlite$/, kind: 'html' });
    expect(reasonOf(await ground.open().organisationSecrets()).obstacle).toBe('unreachable');
  });

  it('name secrets:read where the token lacks it', async () => {
    const { obstacle, reason } = reasonOf(
      await ground.open({ token: ground.tokenWithout('secrets') }).organisationSecrets(),
    );
    expect(obstacle).toBe('permission');
    expect(reason).toContain('secrets:read');
  });
});

describe('environmentSecrets', () => {
  it('can be read without actions:read', async () => {
    const settings = ground.open({ token: ground.tokenWithout('actions') });
    expect(valueIn(await settings.environmentSecrets('release'))).toEqual([
      { name: 'CRATES_IO_TOKEN', updatedAt: STORED_AT },
    ]);
  });

  it('of a missing environment are unknown without actions:read', async () => {
    ground.github.removeEnvironment(REPO, 'release');
    const settings = ground.open({ token: ground.tokenWithout('actions') });
    expect(reasonOf(await settings.environmentSecrets('release')).obstacle).toBe('permission');
  });
});

it('reads no secret’s value anywhere', async () => {
  const value = 'cioAbCdEfGhIjKlMnOpQrStUvWxYz012345';
  ground.github.addSecret({ repository: REPO, environment: 'release', name: 'CRATES_IO_TOKEN', value });
  const settings = ground.open();
  const read = await Promise.all(READERS.map((one) => one.read(settings)));
  expect(JSON.stringify(read)).not.toContain(value);
});
