import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/domain/calendar.ts';
import { findKind, KINDS } from '../../src/kinds/catalogue.ts';
import { MAX_SECRET_BYTES } from '../../src/kinds/format.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { recogniseBytes } from '../../src/kinds/recognise.ts';
import { aDeclaration } from '../support/builders.ts';
import { validValue } from '../support/values.ts';

const FOLDER = join(import.meta.dirname, '../../src/kinds');
const DECLARATIONS = [
  aDeclaration(),
  aDeclaration({ nameAtIssuer: undefined, lifetime: undefined, scopes: [], destinations: [] }),
];
/** Some names begin a sentence in small letters. */
const SENTENCE = /^(?:[A-Z]|npm |crates\.io |nuget\.org ).*\.$/;

describe('findKind', () => {
  it('finds each by its id, and nothing else', () => {
    for (const kind of KINDS) expect(findKind(kind.id)).toBe(kind);
    expect(findKind('Crates-IO-Token')).toBeUndefined();
    expect(findKind('constructor')).toBeUndefined();
  });
});

describe('KINDS', () => {
  it('has one entry an id, and one title', () => {
    expect(new Set(KINDS.map(({ id }) => id)).size).toBe(KINDS.length);
    expect(new Set(KINDS.map(({ title }) => title)).size).toBe(KINDS.length);
  });

  it('has every kind that there is a file for', () => {
    const kinds = readdirSync(FOLDER).filter((name) =>
      /: Kind = \{/.test(readFileSync(join(FOLDER, name), 'utf8')),
    );
    expect(kinds.sort()).toEqual(KINDS.map(({ id }) => `${id}.ts`).sort());
  });

  it('tells no mark of one kind for that of another', () => {
    for (const { id } of KINDS.filter((kind) => kind.id !== 'certificate')) {
      const looks = recogniseBytes(validValue(id))?.kind;
      expect([id, looks]).toEqual([id, looks === undefined || looks === 'pem' ? looks : id]);
    }
  });

  it.each([
    ['crates-io-token', { presets: [7, 30, 60, 90, 365], custom: true, never: true }],
    ['hex-key', { presets: [7, 30, 60, 90, 365], custom: true, never: true }],
    ['aws-access-key', { presets: [], custom: false, never: true }],
    ['generic', { presets: [], custom: true, never: true }],
  ])('offers for %s the lifetimes that its issuer offers', (id, lifetimes) => {
    expect(findKind(id)?.lifetimes).toMatchObject(lifetimes);
  });

  it('leaves the form of an unknown credential to its owner, up to the very limit', () => {
    const pem = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    expect(findKind('generic')?.checkFormat(pem)).toEqual([]);
    expect(findKind('generic')?.checkFormat(new Uint8Array(MAX_SECRET_BYTES).fill(0x61))).toEqual([]);
  });
});

describe.each(KINDS.map((kind) => [kind.id, kind] as const))('the kind %s', (id, kind) => {
  it('has a file of its name', () => {
    expect(id).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
    expect(existsSync(join(FOLDER, `${id}.ts`))).toBe(true);
  });

  it('says everything that is asked of a kind', () => {
    const { title, issuer, breaks, grant, expiry, leak, sources } = kind;
    const all = [title, issuer, breaks, grant, expiry.how, leak.means, ...sources];
    for (const text of all) expect(text.trim()).toBe(text);
    expect(all.filter((text) => text === '')).toEqual([]);
    expect(sources.length).toBeGreaterThan(0);
  });

  it('tells the steps in whole sentences, whatever is declared', () => {
    for (const declaration of DECLARATIONS) {
      const steps = kind.steps(declaration);
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(step).toMatch(SENTENCE);
      expect(steps.join(' ')).not.toMatch(/undefined|\[object| {2}/);
    }
  });

  it('has one voice', () => {
    const clause = /^[^A-Z].*[^.]$/s;
    expect(kind.breaks).toMatch(clause);
    for (const text of [kind.afterwards, kind.revoking]) if (text) expect(text).toMatch(/\.$/);
    const free = [
      kind.title,
      kind.breaks,
      kind.grant,
      kind.expiry.how,
      kind.leak.means,
      kind.leak.automatic ?? '',
    ];
    for (const text of [...free, kind.afterwards ?? '', kind.instead?.text ?? ''])
      expect(text).not.toMatch(/undefined|TODO|\t| {2}|--(?![a-z])|…$/);
  });

  it('links over https alone, and to no host of a test', () => {
    const links = [...Object.values(kind.pages ?? {}), ...(kind.instead ? [kind.instead.link] : [])];
    for (const link of links) {
      const { protocol, username, host } = new URL(link);
      expect([link, protocol, username]).toEqual([link, 'https:', '']);
      expect(host).toMatch(/^[a-z0-9.-]+\.[a-z]+$/);
      expect(host).not.toMatch(/^registry\.|example|localhost/);
    }
  });

  it('dates the rules of its issuer, newest first, each with what to do and where it is written', () => {
    const rules = kind.lifetimes.rules ?? [];
    for (const { since, olderEnd, maxDays, advice, source } of rules) {
      for (const day of [since, ...(olderEnd ? [olderEnd] : [])]) {
        expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
        expect(parseInstant(day).toISOString()).toBe(`${day}T00:00:00.000Z`);
      }
      expect(maxDays !== undefined || olderEnd !== undefined).toBe(true);
      expect([advice, source].every((text) => text.length > 0)).toBe(true);
    }
    const days = rules.map(({ since }) => since);
    expect(days).toEqual([...days].sort().reverse());
  });

  it('offers lifetimes in order, and none beyond the rule that holds', () => {
    const { presets, rules } = kind.lifetimes;
    expect(presets).toEqual([...presets].sort((a, b) => a - b));
    const cap = rules?.find((rule) => rule.maxDays !== undefined && !rule.partial && !rule.about)?.maxDays;
    if (cap !== undefined) expect(presets.filter((days) => days > cap)).toEqual([]);
  });

  it('is checked live only where somebody is known to ask', () => {
    const known = ['crates-io', 'npm', 'github'];
    if (kind.check) expect(known).toContain(kind.check.registry);
    if (kind.expiry.known === 'observed') expect(kind.check).toBeDefined();
    if (kind.expiry.known.startsWith('read'))
      expect(kind.read !== undefined || kind.reader !== undefined).toBe(true);
    expect(kind.reader).toBe(id === 'certificate' ? 'certificate' : undefined);
  });

  it('refuses what is empty, and what is larger than GitHub stores, with one reason', () => {
    expect(kind.checkFormat(new Uint8Array())).toEqual(['nothing was pasted']);
    for (const filling of [0x00, 0x20, 0x61, 0xff]) {
      const tooLarge = kind.checkFormat(new Uint8Array(MAX_SECRET_BYTES + 1).fill(filling));
      expect(tooLarge).toEqual([`it is larger than GitHub stores (${MAX_SECRET_BYTES} bytes)`]);
    }
  });

  it('takes a fresh value of its own, byte for byte', () => {
    if (id === 'certificate') return expect(kind.shape).toBe('file');
    const value = validValue(id);
    const before = Buffer.from(value);
    expect(kind.checkFormat(value)).toEqual([]);
    expect(value).toEqual(before);
    return undefined;
  });
});

describe.each(shaped('line'))('the kind %s, of one line', (id, kind) => {
  it.each([
    ['a blank', ' '],
    ['a line break', '\n'],
    ['a byte that nobody sees', '\u200b'],
    ['the byte 0', '\u0000'],
  ])('refuses %s in the middle', (_, hidden) => {
    const text = validValue(id).toString();
    const problems = kind.checkFormat(Buffer.from(text.slice(0, 12) + hidden + text.slice(12)));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('position 13 of');
  });
});

describe.each(shaped('text'))('the kind %s, of text', (id, kind) => {
  it.each([
    ['a byte that is no UTF-8', 0xff],
    ['the byte 0', 0x00],
  ])('refuses %s', (_, byte) => {
    const value = validValue(id);
    value[40] = byte;
    expect(kind.checkFormat(value)).toEqual([
      expect.stringMatching(/^it is binary, and text is needed: [a-z]/),
    ]);
  });
});

function shaped(shape: Kind['shape']): [string, Kind][] {
  return KINDS.filter((kind) => kind.shape === shape).map((kind) => [kind.id, kind]);
}
