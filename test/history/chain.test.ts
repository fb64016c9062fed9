import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainedEvent } from '../../src/history/chain.ts';
import { beginning, chain, findBreak, firstBroken, genesis } from '../../src/history/chain.ts';
import { SEED } from '../support/builders.ts';

const INSTALL_ID = 'an-installation';

function aChain(length: number): readonly ChainedEvent[] {
  const events: ChainedEvent[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const place = {
      seq,
      at: `2026-11-23T09:30:0${seq % 10}Z`,
      actor: 'ada@host',
      prev: events.at(-1)?.hash ?? genesis(INSTALL_ID),
    };
    events.push(
      chain(
        { type: 'credential.recorded', subject: `c${seq}`, result: 'version 1', detail: { n: seq } },
        place,
      ),
    );
  }
  return events;
}

const CHAIN = aChain(5);

function replaced(index: number, change: Partial<ChainedEvent>): readonly ChainedEvent[] {
  return CHAIN.map((event, at) => (at === index ? { ...event, ...change } : event));
}

describe('chain', () => {
  it('gives the same hash whatever the order in which the detail was written', () => {
    const place = { seq: 1, at: '2026-11-23T09:30:00Z', actor: 'ada@host', prev: genesis(INSTALL_ID) };
    const event = { type: 't', subject: 's', result: 'r' };
    const one = chain({ ...event, detail: { a: 1, b: null } }, place);
    const other = chain({ ...event, detail: { b: null, a: 1 } }, place);
    expect(one).toEqual(other);
    expect(one.detail).toBe('{"a":1,"b":null}');
  });

  it('takes lists of names into the detail as they are', () => {
    const place = { seq: 1, at: '2026-11-23T09:30:00Z', actor: 'ada@host', prev: genesis(INSTALL_ID) };
    const event = { type: 't', subject: 's', result: 'r', detail: { b: ['x', 'y'], a: 1 } };
    expect(chain(event, place).detail).toBe('{"a":1,"b":["x","y"]}');
    expect(chain({ ...event, detail: { b: ['y', 'x'], a: 1 } }, place).hash).not.toBe(
      chain(event, place).hash,
    );
  });

  it('gives a hash that anybody can compute again', () => {
    // sha256 of 0x00 and the entry as JSON with sorted names, worked out with another program.
    const event = chain(
      { type: 't', subject: 's', result: 'r' },
      { seq: 1, at: '2026-11-23T09:30:00Z', actor: 'a', prev: 'p' },
    );
    expect(event.hash).toBe('90f0a8fcb7df1fe861b8207a6fe2c182611a33abdaa47a46772af10acae05b13');
  });
});

describe('genesis', () => {
  it('differs between installations, so that no history passes for another', () => {
    expect(genesis('one')).not.toBe(genesis('two'));
    expect(firstBroken(CHAIN, 'another')).toBe(1);
  });
});

describe('firstBroken', () => {
  describe('when nothing was changed', () => {
    it('returns undefined', () => {
      expect(firstBroken(CHAIN, INSTALL_ID)).toBeUndefined();
      expect(firstBroken([], INSTALL_ID)).toBeUndefined();
    });
  });

  describe('when one field of one entry was changed', () => {
    it.each<[keyof ChainedEvent, Partial<ChainedEvent>]>([
      ['at', { at: '2026-11-23T09:30:09Z' }],
      ['actor', { actor: 'eve@host' }],
      ['type', { type: 'credential.rotated' }],
      ['subject', { subject: 'c4' }],
      ['result', { result: 'version 2' }],
      ['detail', { detail: '{"n":4}' }],
      ['prev', { prev: '0'.repeat(64) }],
      ['hash', { hash: '0'.repeat(64) }],
      ['seq', { seq: 30 }],
    ])('returns the entry whose %s it was', (_field, change) => {
      expect(firstBroken(replaced(2, change), INSTALL_ID)).toBe(3);
    });
  });

  describe('when any one character of any field was changed', () => {
    it('returns that entry', () => {
      const fields = ['at', 'actor', 'type', 'subject', 'result', 'detail', 'prev', 'hash'] as const;
      fc.assert(
        fc.property(fc.nat(4), fc.constantFrom(...fields), fc.nat(200), (index, field, position) => {
          const text = CHAIN[index]?.[field] ?? '';
          const at = position % text.length;
          const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
          expect(firstBroken(replaced(index, { [field]: changed }), INSTALL_ID)).toBe(index + 1);
        }),
        { seed: SEED, numRuns: 1000 },
      );
    });
  });

  describe('when an entry was removed', () => {
    it.each([0, 1, 3])('returns the place where it is missing (%i)', (index) => {
      expect(firstBroken(CHAIN.toSpliced(index, 1), INSTALL_ID)).toBe(index + 1);
    });
  });

  describe('when two entries changed places', () => {
    it('returns the first of them', () => {
      const [a, b, c, d, e] = CHAIN as [ChainedEvent, ChainedEvent, ChainedEvent, ChainedEvent, ChainedEvent];
      expect(firstBroken([a, c, b, d, e], INSTALL_ID)).toBe(2);
    });
  });

  describe('when an entry was put in', () => {
    it('returns its place', () => {
      const [first] = CHAIN as [ChainedEvent];
      expect(firstBroken(CHAIN.toSpliced(1, 0, first), INSTALL_ID)).toBe(2);
    });
  });

  describe('when an entry was written anew with a fitting hash of its own', () => {
    it('returns the entry after it, whose "prev" tells', () => {
      const [, second] = CHAIN as [ChainedEvent, ChainedEvent];
      const forged = chain({ type: second.type, subject: 'forged', result: second.result }, second);
      expect(firstBroken(CHAIN.with(1, forged), INSTALL_ID)).toBe(3);
    });
  });
});

describe('findBreak', () => {
  it.each([0, -3])('F17: names an entry with the number %d before the first', (seq) => {
    const [first] = CHAIN;
    if (!first) throw new Error('the chain is empty');
    const forged = chain({ type: 't', subject: 's', result: 'r' }, { ...first, seq, prev: '' });
    expect(findBreak([forged, ...CHAIN], beginning(INSTALL_ID))).toEqual({ seq, reason: 'out-of-place' });
    expect(firstBroken([forged, ...CHAIN], INSTALL_ID)).toBe(seq);
  });

  const every = CHAIN.map((_, index) => index);
  const start = beginning(INSTALL_ID);

  it('F17: names the entry whose every single byte was changed, whatever it became', () => {
    const fields = ['at', 'actor', 'type', 'subject', 'result', 'detail', 'prev', 'hash'] as const;
    const missed: string[] = [];
    for (const index of every) {
      for (const field of fields) {
        const text = CHAIN[index]?.[field] ?? '';
        for (let at = 0; at < text.length; at++) {
          for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
            const other = String.fromCharCode(text.charCodeAt(at) ^ bit);
            const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
            const found = findBreak(replaced(index, { [field]: changed }), start);
            if (found?.seq !== index + 1 || found.reason === 'missing')
              missed.push(`${index} ${field} ${at}`);
          }
        }
      }
    }
    expect(missed).toEqual([]);
  });

  it.each(every.slice(0, -1))('F17: names an entry that was removed (%i)', (index) => {
    expect(findBreak(CHAIN.toSpliced(index, 1), start)).toEqual({ seq: index + 1, reason: 'missing' });
  });

  it('F17: names the first of any entries that changed places, also under new numbers', () => {
    for (const a of every) {
      for (const b of every.filter((other) => other > a)) {
        const [one, other] = [CHAIN[a], CHAIN[b]];
        if (!one || !other) throw new Error('there is no such entry');
        const swapped = CHAIN.with(a, other).with(b, one);
        expect(findBreak(swapped, start)?.seq).toBe(a + 1);
        const renumbered = swapped.map((event, index) => ({ ...event, seq: index + 1 }));
        expect(findBreak(renumbered, start)).toEqual({ seq: a + 1, reason: 'changed' });
      }
    }
  });

  it.each(every.slice(0, -1))(
    'F17: names the place of an entry that another took with a fitting hash (%i)',
    (index) => {
      const old = CHAIN[index];
      if (!old) throw new Error('there is no such entry');
      const forged = chain({ type: old.type, subject: 'forged', result: old.result }, old);
      expect(findBreak(CHAIN.with(index, forged), start)).toEqual({ seq: index + 2, reason: 'out-of-place' });
    },
  );

  it('begins where it is told to', () => {
    const [, second] = CHAIN;
    if (!second) throw new Error('there is no second entry');
    expect(findBreak(CHAIN.slice(2), second)).toBeUndefined();
    expect(findBreak(CHAIN.slice(3), second)).toEqual({ seq: 3, reason: 'missing' });
  });

  it('does not see that the end was cut off: for that a head is kept elsewhere', () => {
    expect(findBreak(CHAIN.slice(0, 3), start)).toBeUndefined();
  });
});
