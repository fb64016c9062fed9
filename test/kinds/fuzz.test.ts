import { describe, expect, it } from 'vitest';
import { asAscii } from '../../src/kinds/ascii.ts';
import { KINDS } from '../../src/kinds/catalogue.ts';
import { MAX_SECRET_BYTES } from '../../src/kinds/format.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { recognise, recogniseBytes } from '../../src/kinds/recognise.ts';
import { SEED } from '../support/builders.ts';
import { fuzzInputs, MARKS, worstInputs } from '../support/fuzz-inputs.ts';

const INPUTS = 100_000;
const RUN_BYTES = 6;
/** Each kind names some thirty others, and some sentences are its own; a reason that held a piece of an input would make thousands. */
const MOST_SENTENCES = 1000;

describe(`the checks of formats, over ${INPUTS} inputs`, () => {
  it('never throw, and say nothing of what they were given', () => {
    const next = fuzzInputs(SEED);
    const said = new Set<string>();
    const sentences = new Set<string>();
    const taken = new Set<string>();
    for (let number = 0; number < INPUTS; number++) {
      const input = next();
      recogniseBytes(input);
      for (const kind of KINDS) {
        for (const reason of judged(kind, input, number, taken)) look(reason, input, { said, sentences });
      }
    }
    // Each kind took some and refused some, else the inputs prove little.
    expect([...taken].sort()).toEqual(KINDS.map(({ id }) => id).sort());
    expect(sentences.size).toBeGreaterThan(60);
    expect(sentences.size).toBeLessThan(MOST_SENTENCES);
  }, 120_000);
});

/** What a kind says of an input, first by its form and then by what it reads. */
function judged(kind: Kind, input: Uint8Array, number: number, taken: Set<string>): readonly string[] {
  try {
    const problems = kind.checkFormat(input);
    if (problems.length > 0) return problems;
    taken.add(kind.id);
    if (!kind.read) return problems;
    const reading = kind.read(input);
    return [...reading.problems, ...reading.warnings];
  } catch (error) {
    throw new Error(`${kind.id} threw for input ${number} of seed ${SEED}`, { cause: error });
  }
}

/** Holds a reason against the first input that gave rise to its sentence: numbers, which are lengths and positions, left out. */
function look(
  reason: string,
  input: Uint8Array,
  { said, sentences }: { readonly said: Set<string>; readonly sentences: Set<string> },
): void {
  if (said.has(reason)) return;
  said.add(reason);
  const sentence = reason.replaceAll(/\d+/g, '#');
  if (sentences.has(sentence)) return;
  sentences.add(sentence);
  expect(reason).toBe(reason.trim());
  for (const run of runsOf(input)) expect(reason).not.toContain(run);
}

function runsOf(input: Uint8Array): readonly string[] {
  const secret = [...MARKS]
    .sort((a, b) => b.length - a.length)
    .reduce((text, mark) => text.replaceAll(mark, '\n'), Buffer.from(input).toString('latin1'))
    .replaceAll(/(?:[A-Z0-9]+ ){0,3}(?:KEY|CERTIFICATE|BLOCK|PARAMETERS)-{0,5}/g, '\n');
  return secret
    .split('\n')
    .flatMap((part) =>
      Array.from({ length: Math.max(0, part.length - RUN_BYTES + 1) }, (_, at) =>
        part.slice(at, at + RUN_BYTES),
      ),
    );
}

const PATTERN_MS = 1;
/** Keys are searched by loops that look at each byte a few times; one that went back would take seconds for 48 KB. */
const LOOP_MS = 10;
const MOST_REPEATS = 40;

describe('the time of a check', () => {
  const worst = worstInputs(MAX_SECRET_BYTES);
  const checks: readonly (readonly [string, number, (input: Uint8Array) => unknown])[] = [
    ...KINDS.map(
      ({ id, shape, checkFormat }) => [id, shape === 'line' ? PATTERN_MS : LOOP_MS, checkFormat] as const,
    ),
    ['recognise', PATTERN_MS, (input) => recognise(asAscii(input))],
    ['recogniseBytes', PATTERN_MS, recogniseBytes],
  ];

  it.each(checks)('%s: is under %i ms for the worst of 48 KB', (_, limit, check) => {
    const slow = worst.filter(([, input]) => fastest(() => check(input), limit) >= limit);
    expect(slow.map(([what]) => what)).toEqual([]);
  });

  it('of megabytes is none: their size is looked at first', () => {
    const huge = new Uint8Array(16 * 1024 * 1024).fill(0x61);
    for (const { id, checkFormat } of KINDS) {
      expect([id, checkFormat(huge)]).toEqual([id, ['it is larger than GitHub stores (49152 bytes)']]);
      expect([id, fastest(() => checkFormat(huge), PATTERN_MS) < PATTERN_MS]).toEqual([id, true]);
    }
  });
});

/** The least of several repeats, since a busy machine only ever adds to it; no more of them than it takes to get below. */
function fastest(run: () => unknown, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < MOST_REPEATS && least >= enough; repeat++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
