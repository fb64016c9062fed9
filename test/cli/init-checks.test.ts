import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/cli/init-checks.ts';
import { githubClassicValue, leakedRun, npmTokenValue } from '../support/tokens.ts';

const TOKENS: readonly (readonly [string, string])[] = [
  ['npm', npmTokenValue()],
  ['GitHub', githubClassicValue()],
  ['Hex', `hex_${randomBytes(20).toString('hex')}`],
  ['RubyGems', `rubygems_${randomBytes(24).toString('hex')}`],
];

describe('an answer to a question of init', () => {
  const checks = Object.entries(CHECKS).flatMap(([name, check]) =>
    TOKENS.map(([kind, token]) => [name, kind, token, check] as const),
  );

  it.each(checks)(
    'is refused at once where it is a token, and not repeated: %s, %s',
    (_name, _kind, token, check) => {
      const said = check(token);
      expect(said).toBeTypeOf('string');
      expect(leakedRun(said ?? '', token)).toBeUndefined();
    },
  );
});
