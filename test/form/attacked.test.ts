import { describe, expect, it } from 'vitest';
import { parseBody } from '../../src/form/body.ts';
import { readChoice } from '../../src/form/choice.ts';
import { SEED } from '../support/builders.ts';
import { buildCard, load, NOW, openTestForm, submit, TOKEN } from '../support/form.ts';
import { guess } from '../support/guess.ts';

const GUESSES = 10_000;
const BODIES = 100_000;

describe('openForm', () => {
  it(`D17: when ${GUESSES} addresses are guessed, none is right, all answers are alike, and the honest tab works`, async () => {
    const form = await openTestForm([]);
    const meanwhile = guess(form.port, GUESSES / 2);
    expect((await load(form)).status).toBe(200);
    const rounds = [await meanwhile, await guess(form.port, GUESSES / 2)];
    for (const { hits, bodies } of rounds)
      expect({ hits, bodies }).toEqual({ hits: 0, bodies: ['Not available.\n'] });
    expect(form.warnings).toHaveLength(1);
    expect((await load(form)).status).toBe(200);
    expect((await submit(form)).body).toContain('Stored and recorded');
    await form.ended;
  }, 60_000);
});

/** Numerical Recipes' generator: the same bodies on every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const HONEST = `nonce=${'n'.repeat(43)}&token=${TOKEN}&expiration=365d`;
const PIECES = [
  '&',
  '=',
  '%',
  '%2',
  '%zz',
  '%00',
  '+',
  '&token=x',
  '&nonce=x',
  '&expiration=',
  '&unchecked=yes',
  '\u0000',
  'é',
  '&&',
  ';',
  '[]',
  '&__proto__=1',
  '&token',
];

function mutate(below: (most: number) => number): Buffer {
  let body = Buffer.from(HONEST);
  for (let change = 0; change <= below(4); change++) {
    const at = below(body.length + 1);
    const piece = Buffer.from(PIECES[below(PIECES.length)] ?? '');
    switch (below(5)) {
      case 0:
        body = Buffer.concat([body.subarray(0, at), piece, body.subarray(at)]);
        break;
      case 1:
        body = body.subarray(0, at);
        break;
      case 2:
        body = Buffer.concat([
          body.subarray(0, at),
          body.subarray(Math.min(body.length, at + 1 + below(20))),
        ]);
        break;
      case 3:
        body = Buffer.from(body);
        if (at < body.length) body[at] = below(256);
        break;
      default:
        body = Buffer.concat([body, body.subarray(0, below(200))]);
    }
  }
  return Buffer.from(body);
}

/** What a URLSearchParams of another author makes of it, where it is what the page could have sent. */
function expected(body: Buffer): { token: Buffer; nonce: string } | undefined {
  const text = body.toString('latin1');
  const pairs = text
    .split('&')
    .map(
      (pair) => [pair.slice(0, Math.max(0, pair.indexOf('='))), pair.slice(pair.indexOf('=') + 1)] as const,
    );
  const names = pairs.map(([name]) => name);
  const once = new Set(names).size === names.length;
  const known = names.every((name) =>
    ['nonce', 'token', 'expiration', 'expires-on', 'unchecked'].includes(name),
  );
  if (!once || !known || !names.includes('nonce') || !names.includes('token')) return undefined;
  const values = new Map(pairs.map(([name, value]) => [name, unescape(value.replaceAll('+', ' '))]));
  return { token: Buffer.from(values.get('token') ?? '', 'latin1'), nonce: values.get('nonce') ?? '' };
}

describe('parseBody and readChoice', () => {
  it(`when ${BODIES} bodies are made from an honest one, none throws, none is taken for more than it says, and all are overwritten`, () => {
    const below = randomFrom(SEED);
    const card = buildCard();
    let taken = 0;
    for (let count = 0; count < BODIES; count++) {
      const body = mutate(below);
      const reference = expected(body);
      const fields = parseBody(body);
      expect(body.every((byte) => byte === 0)).toBe(true);
      if (!fields) continue;
      taken++;
      expect(fields.nonce).toBe(reference?.nonce);
      const token = reference?.token.toString('latin1').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
      expect(Buffer.from(fields.token.reveal()).toString('latin1')).toBe(token);
      const choice = readChoice(fields, card, NOW);
      if (choice.kind === 'chosen') expect(['days', 'date', 'never']).toContain(choice.expiration.kind);
    }
    expect(taken).toBeGreaterThan(BODIES / 50);
    expect(taken).toBeLessThan(BODIES);
  }, 60_000);
});
