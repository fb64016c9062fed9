import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { cratesIoToken } from '../../src/kinds/crates-io-token.ts';
import { generic } from '../../src/kinds/generic.ts';
import { ensureFuture, judgeAnswer, judgeFormat, judgeReading } from '../../src/rotate/judge.ts';
import type { IssuerAnswer } from '../../src/rotate/rotation.ts';
import { daysFromNow, NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { TOKEN } from '../support/stand-ins.ts';

function format(text: string, kind = cratesIoToken): ReturnType<typeof judgeFormat> {
  return judgeFormat(kind, new TextEncoder().encode(text));
}

describe('judgeFormat', () => {
  it('returns nothing for a token of the right form', () => {
    expect(format(TOKEN)).toBeUndefined();
  });

  it.each([
    ['nothing (D6)', '', 'nothing was pasted'],
    ['one character (D6)', 'c', 'starts with "cio"'],
    ['a no-break space inside (D1)', `${TOKEN.slice(0, 9)}\u00a0${TOKEN.slice(10)}`, 'at position 10'],
    ['a zero-width space (D1)', `${TOKEN}\u200b`, 'at position 36'],
    ['a byte-order mark (D1)', `\ufeff${TOKEN}`, 'at position 1'],
    ['a whole line (D2)', `token="${TOKEN}"`, 'paste only the token'],
    ['a variable (D2)', `CARGO_REGISTRY_TOKEN=${TOKEN}`, 'paste only the token'],
    ['a GitHub token (D3)', `ghp_${'a'.repeat(36)}`, 'a GitHub token'],
    ['an npm token (D3)', `npm_${'a'.repeat(36)}`, 'an npm token'],
    ['a PyPI token (D3)', `pypi-${'A'.repeat(80)}`, 'a PyPI token'],
    ['a trusted-publishing token (D3)', `cio_tp_${'a'.repeat(32)}`, '30 minutes'],
    ['32 characters without cio (D3)', 'a'.repeat(32), 'starts with "cio"'],
    ['one character too few', TOKEN.slice(0, -1), '35 characters'],
    ['one character too many', `${TOKEN}0`, '35 characters'],
    ['a homoglyph (D6)', TOKEN.replace('o', '\u043e'), 'hidden character'],
  ])('refuses %s, for good', (_, text, reason) => {
    const refusal = format(text);
    expect(refusal).toMatchObject({ kind: 'refused', mayStoreUnchecked: false });
    expect(refusal?.reasons.join()).toContain(reason);
  });

  it('repeats nothing of what was pasted', () => {
    const texts = [`${TOKEN}!`, `"${TOKEN}"`, `${TOKEN} `, `x${TOKEN}`, TOKEN.slice(1)].map((text) =>
      JSON.stringify(format(text)),
    );
    expect(findLeaks(TOKEN, new Map([['reasons', Buffer.from(texts.join())]]))).toEqual([]);
  });

  it('takes any text but nothing and too much for a generic one', () => {
    const kind = generic;
    expect(format('any thing\n', kind)).toBeUndefined();
    expect(format('', kind)?.reasons).toEqual(['nothing was pasted']);
    expect(format('x'.repeat(49_152), kind)).toBeUndefined();
    expect(format('x'.repeat(49_153), kind)?.reasons.join()).toContain('49152');
  });
});

describe('judgeReading', () => {
  const reading = { expiry: undefined, says: [], problems: [], warnings: [] };

  it('returns nothing where there is no problem, or nothing to read', () => {
    expect([judgeReading(reading), judgeReading(undefined)]).toEqual([undefined, undefined]);
  });

  it('refuses each problem for good, and says where it is about the password', () => {
    const problems = ['the password does not open it'];
    expect(judgeReading({ ...reading, problems, about: 'password' })).toEqual({
      kind: 'refused',
      reasons: problems,
      mayStoreUnchecked: false,
      field: 'password',
    });
    expect(judgeReading({ ...reading, problems })).not.toHaveProperty('field');
  });
});

describe('judgeAnswer', () => {
  const dead: IssuerAnswer = { verdict: 'refused', reason: 'it is dead' };
  const unsure: IssuerAnswer = { verdict: 'inconclusive', reason: 'crates.io answered 503' };
  const judge = (answer: IssuerAnswer | undefined, unchecked = false) => judgeAnswer(answer, { unchecked });

  it.each([
    ['live', { verdict: 'live' }, false, 'live'],
    ['live, with storing unchecked allowed', { verdict: 'live' }, true, 'live'],
    ['no check', undefined, false, 'not-asked'],
    ['an answer that settles nothing, deliberately', unsure, true, 'unchecked'],
  ] as const)('accepts %s', (_, answer, unchecked, checked) => {
    expect(judge(answer, unchecked)).toBe(checked);
  });

  it('refuses an answer that settles nothing, and offers the second step (C3)', () => {
    expect(judge(unsure)).toEqual({
      kind: 'refused',
      reasons: ['the token could not be checked: crates.io answered 503'],
      mayStoreUnchecked: true,
    });
  });

  it.each([false, true])('refuses a dead token, also with unchecked %s', (unchecked) => {
    expect(judge(dead, unchecked)).toEqual({
      kind: 'refused',
      reasons: ['it is dead'],
      mayStoreUnchecked: false,
    });
  });
});

describe('ensureFuture', () => {
  const codeOf = (at: Date): string => {
    try {
      ensureFuture(at, NOW);
      return 'fine';
    } catch (error) {
      return isAppError(error) ? error.code : 'another error';
    }
  };

  it.each([
    ['now', NOW, 'invalid_input'],
    ['a moment ago', new Date(NOW.getTime() - 1), 'invalid_input'],
    ['a moment ahead', new Date(NOW.getTime() + 1), 'fine'],
    ['ten years ahead', daysFromNow(3653), 'fine'],
    ['more than ten years ahead', daysFromNow(3654), 'invalid_input'],
  ])('answers %s (C6)', (_, at, code) => {
    expect(codeOf(at)).toBe(code);
  });
});
