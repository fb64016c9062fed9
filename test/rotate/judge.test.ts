import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { certificate } from '../../src/kinds/certificate.ts';
import { cratesIoToken } from '../../src/kinds/crates-io-token.ts';
import { generic } from '../../src/kinds/generic.ts';
import type { StatedExpiry } from '../../src/rotate/judge.ts';
import {
  ensureFuture,
  judgeAnswer,
  judgeExpiry,
  judgeFormat,
  resolveExpiry,
} from '../../src/rotate/judge.ts';
import type { ChosenExpiration, IssuerAnswer } from '../../src/rotate/rotation.ts';
import { aDeclaration, aVersion, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { TOKEN } from '../support/stand-ins.ts';

const YEAR: ChosenExpiration = { kind: 'days', days: 365 };

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

  it.each([generic, certificate])('takes anything but nothing and too much for a $id', (kind) => {
    expect(format('any thing\n', kind)).toBeUndefined();
    expect(format('', kind)?.reasons).toEqual(['nothing was pasted']);
    expect(format('x'.repeat(49_152), kind)).toBeUndefined();
    expect(format('x'.repeat(49_153), kind)?.reasons.join()).toContain('49152');
  });
});

describe('judgeAnswer', () => {
  const context = { stated: undefined, declaration: aDeclaration(), now: NOW };
  const dead: IssuerAnswer = { verdict: 'refused', reason: 'it is dead' };
  const unsure: IssuerAnswer = { verdict: 'inconclusive', reason: 'crates.io answered 503' };
  const judge = (answer: IssuerAnswer | undefined, unchecked = false) =>
    judgeAnswer(answer, { expiration: YEAR, unchecked }, context);

  it.each([
    ['live', { verdict: 'live' }, false, 'live'],
    ['live, with storing unchecked allowed', { verdict: 'live' }, true, 'live'],
    ['no check', undefined, false, 'not-asked'],
    ['an answer that settles nothing, deliberately', unsure, true, 'unchecked'],
  ] as const)('accepts %s', (_, answer, unchecked, checked) => {
    expect(judge(answer, unchecked)).toMatchObject({ kind: 'accepted', version: { checked } });
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

  it('refuses a token of which nothing says when it expires (C6)', () => {
    const nothing = { ...context, declaration: aDeclaration({ lifetime: undefined }) };
    const verdict = judgeAnswer(
      { verdict: 'live' },
      { expiration: { kind: 'stated' }, unchecked: false },
      nothing,
    );
    expect(verdict).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringContaining('nothing says when')],
    });
  });
});

describe('resolveExpiry', () => {
  const resolve = (
    choice: ChosenExpiration,
    stated?: StatedExpiry,
    lifetime: ReturnType<typeof aDeclaration>['lifetime'] = '365d',
    now = NOW,
  ) => resolveExpiry(choice, { stated, declaration: aDeclaration({ lifetime }), now });
  const known = (at: string, source: string, lifetimeDays: number) => ({
    expiry: { kind: 'known', at: new Date(at), source },
    lifetimeDays,
    createdAt: NOW,
  });

  it('ends 365 days at the first instant of their last day in UTC', () => {
    expect(resolve(YEAR)).toEqual(known('2027-11-23T00:00:00Z', 'entered', 365));
  });

  it('counts from the same day one millisecond before midnight, and from the next at midnight', () => {
    const at = (now: string) => resolve(YEAR, undefined, '365d', new Date(now))?.expiry;
    expect(at('2026-11-23T23:59:59.999Z')).toMatchObject({ at: new Date('2027-11-23T00:00:00Z') });
    expect(at('2026-11-24T00:00:00.000Z')).toMatchObject({ at: new Date('2027-11-24T00:00:00Z') });
  });

  it('takes a chosen date as its first instant in UTC', () => {
    expect(resolve({ kind: 'date', date: '2027-06-01' })).toEqual(
      known('2027-06-01T00:00:00Z', 'entered', 189),
    );
  });

  it('takes no date that is none (T19)', () => {
    expect(() => resolve({ kind: 'date', date: '2027-02-30' })).toThrow('is not a date');
  });

  it('returns never where never was chosen', () => {
    expect(resolve({ kind: 'never' })).toEqual({
      expiry: { kind: 'never', source: 'entered' },
      lifetimeDays: undefined,
      createdAt: NOW,
    });
  });

  describe('when it was stated on the command line', () => {
    const stated: ChosenExpiration = { kind: 'stated' };

    it('takes the date as it was said', () => {
      const at = new Date('2027-06-01T12:00:00Z');
      expect(resolve(stated, { kind: 'expires', at })).toEqual(known('2027-06-01T12:00:00Z', 'entered', 190));
    });

    it('adds a lifetime that was said', () => {
      expect(resolve(stated, { kind: 'lifetime', lifetime: '90d' })).toEqual(
        known('2027-02-21T00:00:00Z', 'entered', 90),
      );
    });

    it('computes from the declared lifetime where nothing was said, and says that it is computed', () => {
      expect(resolve(stated)).toEqual(known('2027-11-23T00:00:00Z', 'computed', 365));
    });

    it('counts calendar years', () => {
      const leap = new Date('2028-02-29T10:00:00Z');
      const chosen = resolve(stated, undefined, '1y', leap);
      expect(chosen?.expiry).toEqual({
        kind: 'known',
        at: new Date('2029-02-28T00:00:00Z'),
        source: 'computed',
      });
    });

    it('returns nothing where neither says it', () => {
      const declaration = aDeclaration({ lifetime: undefined });
      expect(resolveExpiry(stated, { stated: undefined, declaration, now: NOW })).toBeUndefined();
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

describe('judgeExpiry', () => {
  const ask = (
    at: string,
    overrides: Partial<Parameters<typeof judgeExpiry>[2]> = {},
    current = aVersion(),
  ) =>
    judgeExpiry(knownUntil(at), current, { stated: false, now: NOW, questioned: new Set(), ...overrides })
      ?.reasons[0];

  it.each([
    ['2026-11-22T00:00:00Z', 'has passed already'],
    ['2026-11-23T09:30:00Z', 'has passed already'],
    ['2036-12-01T00:00:00Z', 'more than ten years away'],
    ['2026-11-30T00:00:00Z', 'before the one that it replaces (2026-12-03)'],
  ])('C6: when the expiry is %s, it is asked again', (at, reason) => {
    expect(ask(at)).toContain(reason);
  });

  it('C6: when an earlier one is sent a second time, it is taken', () => {
    const questioned = new Set<number>();
    expect(ask('2026-11-30T00:00:00Z', { questioned })).toBeDefined();
    expect(ask('2026-11-30T00:00:00Z', { questioned })).toBeUndefined();
    expect(ask('2026-11-29T00:00:00Z', { questioned })).toBeDefined();
  });

  it.each([
    ['it was said on the command line', { stated: true }, aVersion()],
    ['the old one has leaked', {}, aVersion({ standing: 'leaked' })],
    ['the old one never expires', {}, aVersion({ expiry: { kind: 'never', source: 'entered' } })],
  ] as const)('takes an earlier one where %s', (_, overrides, current) => {
    expect(ask('2026-11-30T00:00:00Z', overrides, current)).toBeUndefined();
  });
});
