import { describe, expect, it } from 'vitest';
import { readChoice } from '../../src/form/choice.ts';
import { parseUrlencoded } from '../../src/form/urlencoded.ts';
import { SEED } from '../support/builders.ts';
import { buildCard, load, NOW, openTestForm, submit, submitHeaders, TOKEN } from '../support/form.ts';
import { guess } from '../support/guess.ts';
import { exchange, requestText } from '../support/raw-http.ts';

const GUESSES = 10_000;
const BODIES = 100_000;
/** A form takes five submissions a minute, of which the last is the honest one. */
const [FORMS, PER_FORM] = [100, 4];

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

/** What the page of the test offers. */
const OFFERED = new Set(['days', 'date', 'never']);

/** Numerical Recipes' generator: the same bodies on every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NONCE = Buffer.alloc(32, 2).toString('base64url');
/** As a browser sends it: in the order of the page. */
const HONEST = `token=${TOKEN}&expiration=365d&expires-on=&nonce=${NONCE}`;
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
    switch (below(6)) {
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
      case 4:
        body = Buffer.concat([body.subarray(0, at), Buffer.alloc(below(3_000), piece), body.subarray(at)]);
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

describe('parseUrlencoded and readChoice', () => {
  it(`I17: when ${BODIES} bodies are made from an honest one, none throws, none is taken for more than it says, and all are overwritten`, () => {
    const below = randomFrom(SEED);
    const card = buildCard();
    const wrong: string[] = [];
    let taken = 0;
    for (let count = 0; count < BODIES; count++) {
      const body = mutate(below);
      const sent = body.toString('latin1');
      const reference = expected(body);
      const fields = parseUrlencoded(body, ['token']);
      if (body.some((byte) => byte !== 0)) wrong.push(`not overwritten: ${sent}`);
      if (!fields) continue;
      taken++;
      const token = reference?.token.toString('latin1').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
      const isSame = Buffer.from(fields.token?.reveal() ?? []).toString('latin1') === token;
      if (fields.nonce !== reference?.nonce || !isSame) wrong.push(`taken for more than it says: ${sent}`);
      const choice = readChoice(fields, card, NOW);
      if (choice.kind === 'chosen' && !OFFERED.has(choice.expiration.kind))
        wrong.push(`not offered: ${sent}`);
    }
    expect(wrong).toEqual([]);
    expect(taken).toBeGreaterThan(BODIES / 100);
    expect(taken).toBeLessThan(BODIES);
  }, 60_000);
});

/** Whether the form would hand it on: what it says is complete, whoever wrote it. */
function isComplete(body: Buffer): boolean {
  const fields = parseUrlencoded(Buffer.from(body), ['token']);
  if (fields?.nonce !== NONCE || !fields.token?.length) return false;
  return readChoice(fields, buildCard(), NOW).kind === 'chosen';
}

describe('openForm', () => {
  it(`I17: when ${FORMS} open forms are sent ${FORMS * PER_FORM} such bodies, none hands one on, and each works afterwards`, async () => {
    const below = randomFrom(SEED + 1);
    const statuses = new Set<number>();
    for (let count = 0; count < FORMS; count++) {
      const form = await openTestForm([]);
      for (let each = 0; each < PER_FORM; ) {
        const body = mutate(below);
        if (body.length === 0 || isComplete(body)) continue;
        const head = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body.toString('latin1')));
        const sent = head.replace(/(?<=Content-Length: )\d+/, String(body.length)) + body.toString('latin1');
        statuses.add((await exchange(form.port, sent)).status);
        each++;
      }
      expect(form.received).toEqual([]);
      expect((await submit(form)).body).toContain('Stored and recorded');
      await form.ended;
    }
    expect([...statuses].sort()).toEqual([400, 403, 413, 422]);
  });
});
