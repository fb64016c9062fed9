import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/verify/finding.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import { openPipelineScene } from '../support/pipeline-scene.ts';
import { MUTATIONS } from './mutations.ts';

const failing = (findings: readonly Finding[]) => [
  ...new Set(findings.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule)),
];

describe('the sqlrite pipeline at the stand-ins', () => {
  it('holds in every declared line: nothing fails, and nothing is unknown', async () => {
    const findings = await (await openPipelineScene()).verify();
    expect(findings.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')).toEqual([]);
    expect(findings.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(90);
  });

  it.each(MUTATIONS.map((mutation) => [mutation.what, mutation] as const))(
    'when %s: its own rule says so, alone, and what to do',
    async (_, { rule, change }) => {
      const scene = await openPipelineScene();
      change(scene);
      const findings = await scene.verify();
      expect(failing(findings)).toEqual([rule]);
      for (const finding of findings.filter(({ outcome }) => outcome === 'fail')) {
        expect(finding.remedy.length).toBeGreaterThan(20);
        expect(finding.observed).not.toBe(finding.expected);
      }
    },
  );

  it('is looked at by more than forty single changes, and each rule that can fail by one at least', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(40);
    const mutated = new Set(MUTATIONS.map(({ rule }) => rule));
    const never = ['crate-token-in-use', 'environment-custom-rules', 'hygiene-reviewers'];
    const unmutated = RULES.filter(({ id }) => !mutated.has(id) && !id.startsWith('manual-')).map(
      ({ id }) => id,
    );
    expect(unmutated.sort()).toEqual(never);
  });
});
