import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openClient } from '../../src/github/client.ts';
import { openGitHubSettings } from '../../src/github/settings.ts';
import type { Fact } from '../../src/verify/fact.ts';
import type { ReaderCase } from './settings-readers.ts';
import { READERS, TOKEN_FILE } from './settings-readers.ts';

const TOKEN = 'verifying-token-7fQ2mXw9LdB4kTz8RvN3';
const REPO = 'joaoh82/rust_sqlite';
const REPOSITORY = { full_name: REPO, private: false, default_branch: 'main', owner: { type: 'User' } };
const RULESET: ReaderCase = {
  name: 'ruleset',
  read: (settings) => settings.ruleset(5),
  permission: 'metadata',
  path: /\/rulesets\/5$/,
};

interface MadeUp {
  readonly status: number;
  readonly body: unknown;
}

/** GitHub's names in made-up places, so that some answers come close to the right shape. */
const NAMES = [
  'total_count',
  'secrets',
  'environments',
  'branch_policies',
  'custom_deployment_protection_rules',
  'protection_rules',
  'deployment_branch_policy',
  'enforce_admins',
  'enabled',
  'required_status_checks',
  'checks',
  'message',
  'name',
  'type',
  'id',
  '__proto__',
];
const LEAF = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, -1, 5, 1e300, '', 'release', 'file', 'pull_request', TOKEN),
  fc.string(),
);
const BODY = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    LEAF,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 5 }),
  ),
})).value;
const ANSWER = fc.record({ status: fc.constantFrom(200, 200, 200, 304, 403, 404, 422, 500), body: BODY });

/** GitHub of which only the repository itself answers as it should. */
function answering(answers: readonly MadeUp[]): typeof fetch {
  let turn = 0;
  return async (input) => {
    const isFirst = new URL(String(input)).pathname.endsWith(`/${REPO}`);
    const made = answers[turn % answers.length];
    const { status, body } = isFirst || made === undefined ? { status: 200, body: REPOSITORY } : made;
    if (!isFirst) turn++;
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    return new Response(status === 304 ? null : JSON.stringify(body), { status, headers });
  };
}

async function readFrom(answers: readonly MadeUp[], { read }: ReaderCase): Promise<Fact<unknown>> {
  const client = openClient({
    apiUrl: 'http://127.0.0.1:9',
    token: TOKEN,
    tokenFile: TOKEN_FILE,
    fetch: answering(answers),
    version: '0.1.0',
  });
  return read(openGitHubSettings(client, REPO));
}

describe('whatever is answered', () => {
  it.each([...READERS, RULESET])(
    '$name is known, or says why not in one line without the token',
    async (reader) => {
      await fc.assert(
        fc.asyncProperty(fc.array(ANSWER, { minLength: 1, maxLength: 4 }), async (answers) => {
          const fact = await readFrom(answers, reader);
          if (fact.known) return;
          expect(fact.reason).toMatch(/^[^\n]{10,600}$/);
          expect(fact.reason).not.toContain(TOKEN);
        }),
        { numRuns: 150 },
      );
    },
  );
});
