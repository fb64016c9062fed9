import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { daysFromNow, NOW } from '../support/builders.ts';
import { makeFolder } from '../support/database.ts';
import { SEALER } from '../support/stand-ins.ts';
import { openScene } from './import-scene.ts';

let github: GitHubSandbox;

beforeEach(async () => {
  github = await startGitHub({ now: () => NOW });
  for (const fullName of ['acme/widgets', 'acme/gadgets', 'acme/hidden']) {
    github.addRepository({ fullName, private: true });
    github.setRepository(fullName, { ownedByOrganisation: true });
  }
  for (const repository of ['acme/widgets', 'acme/gadgets']) github.addEnvironment(repository, 'release');
  github.addToken(SEALER, { permissions: { environments: 'read', actions: 'read' } });
});
afterEach(() => github.close());

function put(repository: string, name: string, days: number, environment = 'release'): void {
  github.addSecret({ repository, environment, name, at: daysFromNow(days) });
}

function open(credentials: readonly string[] = []) {
  const tokenFile = join(makeFolder(), 'token');
  writeFileSync(tokenFile, `${SEALER}\n`, { mode: 0o600 });
  const lines = [
    'version: 1',
    `github: { api-url: "${github.url}", seal: { token-file: ${tokenFile} } }`,
    'owners: { ada: { email: ada@example.org } }',
    ...(credentials.length > 0 ? ['credentials:', ...credentials] : []),
    '',
  ];
  return openScene(lines.join('\n'), fetch);
}

describe('import of an organisation', () => {
  it('declares what the names of secrets say, and records when they may end', async () => {
    put('acme/widgets', 'NPM_TOKEN', -9);
    put('acme/gadgets', 'SOMETHING', -9);
    const scene = open();
    const { code, json } = await scene.run({ organisation: 'acme', owner: 'ada' });
    expect({ code, json }).toMatchObject({
      code: 1,
      json: { added: ['npm-token'], recorded: ['npm-token'], skipped: [{ name: 'something' }], unread: [] },
    });
    const [{ reason }] = json['skipped'] as [{ reason: string }];
    expect(reason).toContain('acme/gadgets › release › SOMETHING suggests no kind of credential');
    const stored = scene.open().register.find('npm-token');
    expect(stored?.declaration.destinations).toEqual([
      { repo: 'acme/widgets', environment: 'release', secret: 'NPM_TOKEN' },
    ]);
    expect(stored?.current).toMatchObject({ createdAt: daysFromNow(-9), expiry: { source: 'estimated' } });
    expect(scene.chain()).toBeUndefined();
  });

  it('changes nothing the second time', async () => {
    put('acme/widgets', 'NPM_TOKEN', -9);
    const scene = open();
    await scene.run({ organisation: 'acme', owner: 'ada' });
    const before = scene.config();
    const { code, json } = await scene.run({ organisation: 'acme', owner: 'ada' });
    expect(scene.config()).toBe(before);
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { added: [], recorded: [], skipped: [{ name: 'npm-token' }] },
    });
  });

  it('takes a secret of a declared credential for that credential, and asks about its namesake elsewhere', async () => {
    put('acme/widgets', 'NPM_TOKEN', -9);
    github.addEnvironment('acme/widgets', 'canary');
    put('acme/widgets', 'NPM_TOKEN', -9, 'canary');
    const scene = open([
      '  npm: { kind: npm-token, owner: ada, destinations: [{ repo: acme/widgets, environment: release, secret: npm_token }] }',
    ]);
    const { code, json } = await scene.run({ organisation: 'acme', owner: 'ada' });
    expect({ code, json }).toMatchObject({
      code: 1,
      json: { added: [], recorded: ['npm'], skipped: [{ name: 'npm' }] },
    });
    expect(JSON.stringify(json['skipped'])).toContain('acme/widgets › canary › NPM_TOKEN is there too');
  });

  it('says of a secret whose time must be over that it has no date', async () => {
    put('acme/widgets', 'NPM_TOKEN', -900);
    const { code, json } = await open().run({ repo: 'acme/widgets', owner: 'ada' });
    expect({ code, json }).toMatchObject({ code: 1, json: { added: ['npm-token'], recorded: [] } });
    expect(JSON.stringify(json['skipped'])).toMatch(
      /was last written on 2024-06-06, and would have ended by/,
    );
  });

  it('says what could not be read, and imports the rest', async () => {
    put('acme/widgets', 'NPM_TOKEN', -9);
    const { code, json } = await open().run({ repo: 'acme/widgets,acme/nothing', owner: 'new@example.org' });
    expect({ code, json }).toMatchObject({
      code: 1,
      json: { added: ['npm-token'], unread: [{ where: 'acme/nothing' }] },
    });
  });

  it('refuses before it reads when nobody is to be mailed', async () => {
    await expect(open().run({ organisation: 'acme' })).rejects.toThrow('nothing says who is to be mailed');
  });

  it.each([[{}], [{ repo: 'widgets', owner: 'ada' }]])('refuses %j', async (options) => {
    await expect(open().run(options)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
