import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestOf } from '../../src/registries/npm-packument.ts';
import { readShape } from '../../src/registries/shape.ts';
import type { NpmSandbox } from '../../src/sandbox/npm.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { known } from '../../src/verify/fact.ts';
import { NOW, SEED } from '../support/builders.ts';
import { NPM_PACKAGES } from '../support/pipeline-facts.ts';
import { mutatedJson } from './mutated-json.ts';

let npm: NpmSandbox;

beforeAll(async () => {
  npm = await startNpm({ now: () => NOW });
});
afterAll(() => npm.close());

describe('5,000 mutated packuments', () => {
  it('are read or are of another shape, and nothing else', async () => {
    const [name] = NPM_PACKAGES;
    const packument: unknown = await (await fetch(`${npm.url}/@joaoh82%2fsqlrite`)).json();
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(mutatedJson(packument).filter(isJson), (text) => {
        const fact = readShape('npm', () => known(newestOf(JSON.parse(text), name)));
        seen.add(fact.known);
        if (!fact.known) expect(fact.reason).toMatch(/^npm answered in a form .{10,150}$/);
        else if (fact.value) expect(fact.value.fact).toMatchObject({ name, publishedAt: expect.any(Date) });
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect([...seen].sort()).toEqual([false, true]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
