import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../src/domain/error.ts';
import { openLog } from '../src/log.ts';
import { FIELDS } from '../src/log-fields.ts';
import { CanarySearch } from './support/canary.ts';
import { chanceOf, githubClassicValue, npmTokenValue } from './support/tokens.ts';

/** What is written of these, line by line. */
function linesOf(...events: readonly object[]): readonly string[] {
  const lines: string[] = [];
  const log = openLog({ write: (line) => void lines.push(line) });
  for (const event of events) log(event as Parameters<typeof log>[0]);
  return lines;
}

function written(event: object): Record<string, unknown> {
  const { time, ...rest } = JSON.parse(linesOf(event)[0] ?? '') as Record<string, unknown>;
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return rest;
}

describe('openLog', () => {
  it('writes a line with level, time, the fields of the event, and its name', () => {
    expect(written({ event: 'mail.sent', message: '7', delaySeconds: 12 })).toEqual({
      level: 30,
      message: '7',
      delaySeconds: 12,
      msg: 'mail.sent',
    });
    expect(written({ event: 'mail.dead', message: '7', detail: '550 no such user' })).toMatchObject({
      level: 40,
    });
  });

  it('drops what the event may not carry, and names it', () => {
    const given = { event: 'config.loaded', detail: 'x', level: 99, msg: 'y', request: { body: 'z' } };
    expect(written(given)).toEqual({
      level: 30,
      dropped: ['detail', 'level', 'msg', 'request'],
      msg: 'config.loaded',
    });
  });

  it('writes nothing of an event that is not listed but its name', () => {
    expect(written({ event: 'new.event', detail: 'x' })).toEqual({
      level: 40,
      dropped: ['detail'],
      msg: 'new.event',
    });
    for (const event of ['a\nb', 'constructor', '__proto__', 'A b', 7, undefined, 'x'.repeat(41)])
      expect(written({ event, detail: 'x' })).toMatchObject({ level: 40, dropped: ['detail'] });
  });

  it('writes of an error of ours its message, of any other its class and code, and never a cause or a stack', () => {
    const cause = new Error('the cause');
    const ours = new AppError('storage', 'the disk is full', { cause });
    const foreign = Object.assign(new TypeError('the text', { cause }), { code: 'ERR_X', request: 'body' });
    expect(written({ event: 'cycle.failed', detail: ours })).toMatchObject({ detail: 'the disk is full' });
    expect(written({ event: 'cycle.failed', detail: foreign })).toMatchObject({
      detail: 'TypeError (ERR_X)',
    });
    expect(linesOf({ event: 'cycle.failed', ...foreign, stack: foreign.stack }).join('')).not.toContain(
      'text',
    );
  });

  it('drops objects, and numbers that JSON does not have', () => {
    for (const detail of [{}, [], null, Number.NaN, true, 1n, Symbol('x'), () => 1, new Date(0), /x/])
      expect(written({ event: 'cycle', detail })).toEqual({ level: 30, dropped: ['detail'], msg: 'cycle' });
  });

  it('survives properties that throw', () => {
    const hostile = {
      event: 'cycle',
      get detail() {
        throw new Error('no');
      },
    };
    expect(written(hostile)).toEqual({ level: 30, dropped: ['detail'], msg: 'cycle' });
    const broken = Object.defineProperty(new Error('x'), 'name', { value: Symbol('x') });
    expect(written({ event: 'cycle', detail: broken })).toMatchObject({ level: 30 });
  });

  it('bounds every field', () => {
    const line = linesOf({
      event: 'mail.dead',
      message: '"'.repeat(99_999),
      detail: 'long '.repeat(99_999),
    })[0];
    expect(line?.length).toBeLessThan(4_000);
  });
});

/** What stands after `event:` in our own sources: a name, several to choose from, or the beginning of a family. */
function eventsInSources(): readonly string[] {
  const src = join(import.meta.dirname, '../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^(sandbox|form|log)/.test(file),
  );
  return files.flatMap((file) =>
    [...readFileSync(join(src, file), 'utf8').matchAll(/\bevent:\s([^;]{0,160})/g)].flatMap(([, text = '']) =>
      [...text.matchAll(/['`]([a-z][a-z-]*\.(?:[a-z.-]*[a-z]'|\$\{))/g)].map(([, name = '']) => name),
    ),
  );
}

describe('FIELDS', () => {
  it('lists every event that the sources report', () => {
    const names = eventsInSources();
    expect(names.length).toBeGreaterThan(20);
    const known = Object.keys(FIELDS);
    const unknown = names.filter((name) =>
      name.endsWith('${')
        ? !known.some((one) => one.startsWith(name.slice(0, -2)))
        : !known.includes(name.slice(0, -1)),
    );
    expect(unknown).toEqual([]);
  });
});

describe('whatever is reported', () => {
  const chance = chanceOf(20_261_126);
  const CANARIES = [githubClassicValue('ghp_', chance), npmTokenValue(chance)];
  const search = new CanarySearch();
  for (const [index, canary] of CANARIES.entries()) search.add(`canary ${index}`, canary);

  const secret = fc.constantFrom(
    ...CANARIES.flatMap((value) => [
      value,
      `https://x:${value}@example.org/`,
      Buffer.from(`a:${value}`).toString('base64'),
      Buffer.from(value).toString('hex'),
      encodeURIComponent(`{"${value}"}`),
      Buffer.from(value, 'utf16le').toString('latin1'),
    ]),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom(
      '\u202e\u2066',
      '\u2028\u2029',
      '\x1b]0;x\x07',
      '\ud800',
      '\x80\x9f',
      '"\\',
      '\r\n{"level":30}',
    ),
    fc
      .tuple(fc.string({ maxLength: 9 }), secret, fc.string({ maxLength: 9 }))
      .map((parts) => parts.join(' ')),
  );
  const error = fc.oneof(
    fc.tuple(text, secret).map(([message, canary]) => Object.assign(new Error(message), { request: canary })),
    fc.tuple(text, secret).map(([message, cause]) => new AppError('refused', message, { cause })),
    fc.tuple(text, text).map(([message, name]) => Object.assign(new Error(message), { name, code: name })),
  );
  const value = fc.oneof(
    text,
    error,
    fc.anything({ withBigInt: true, withDate: true, withMap: true }),
    secret,
  );
  const name = fc.oneof(
    fc.constantFrom(
      'detail',
      'message',
      'credential',
      'delaySeconds',
      'level',
      'time',
      'msg',
      '__proto__',
      'toJSON',
    ),
    secret,
    text,
  );
  const event = fc.oneof(fc.constantFrom(...Object.keys(FIELDS)), text, secret, fc.anything());
  const given = fc
    .tuple(event, fc.array(fc.tuple(name, value), { maxLength: 6 }))
    .map(([called, pairs]) => ({ ...Object.fromEntries(pairs), event: called }));

  it('is one line of valid JSON, short, without a control character and without a secret', () => {
    fc.assert(
      fc.property(given, (one) => {
        const lines = linesOf(one);
        const line = lines[0] ?? '';
        expect(lines).toHaveLength(1);
        expect(line.endsWith('}\n')).toBe(true);
        expect(line.length).toBeLessThan(15_000);
        const shown = JSON.stringify(JSON.parse(line, (_key, inside) => unseenIn(inside)));
        expect(line.slice(0, -1) + shown).not.toMatch(UNSEEN);
        expect(search.find(Buffer.from(line))).toEqual([]);
      }),
      { numRuns: 3_000, seed: 20_261_126 },
    );
  });
});

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** JSON writes a control character as an escape, which a viewer turns back. */
function unseenIn(inside: unknown): unknown {
  if (typeof inside === 'string') expect(inside).not.toMatch(UNSEEN);
  return inside;
}
