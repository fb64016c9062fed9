import { describe, expect, it } from 'vitest';
import type { Permission } from '../../src/sandbox/github.ts';
import type { Finding } from '../../src/verify/finding.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import { openPipelineScene, VERIFY_PERMISSIONS } from '../support/pipeline-scene.ts';

const PERMISSIONS = VERIFY_PERMISSIONS.filter((permission) => permission !== 'metadata');
/** Public facts decide before the secrets are asked for. */
const DECIDED_ELSEWHERE = ['crate-token-retirable'];

const of = (findings: readonly Finding[], outcome: Finding['outcome']) =>
  findings.filter((finding) => finding.outcome === outcome).map(({ rule, subject }) => `${rule} ${subject}`);

const needs = (permission: Permission) =>
  RULES.filter((rule) => rule.permission?.split(' and ').includes(`${permission}:read`)).map(({ id }) => id);

describe('the compliant pipeline, read by a token without one permission', () => {
  it.each(PERMISSIONS)(
    '%s: what depends on it is unknown, and says which one is missing; nothing fails',
    async (without) => {
      const scene = await openPipelineScene();
      // A user's repository has no organisation whose secrets could not be read.
      scene.github.setRepository(scene.repo, { ownedByOrganisation: true });
      const whole = await scene.verify();
      scene.permit(VERIFY_PERMISSIONS.filter((permission) => permission !== without));
      const findings = await scene.verify();
      expect(of(findings, 'fail')).toEqual([]);
      const unknown = findings.filter(({ outcome }) => outcome === 'unknown');
      expect(unknown.length).toBeGreaterThan(0);
      for (const { rule, observed } of unknown) expect(`${rule}: ${observed}`).toContain(`${without}:read`);
      // Nothing is fine that was not seen: what is not unknown is what it was with the permission.
      const before = new Set(of(whole, 'pass'));
      expect(of(findings, 'pass').filter((one) => !before.has(one))).toEqual([]);
      const blind = new Set(unknown.map(({ rule }) => rule));
      const seeing = needs(without).filter((id) => !blind.has(id) && !DECIDED_ELSEWHERE.includes(id));
      const applicable = seeing.filter((id) =>
        findings.some(({ rule, outcome }) => rule === id && outcome === 'pass'),
      );
      expect(applicable).toEqual([]);
    },
  );

  it('and without any: everything at GitHub is unknown, and the registries stand', async () => {
    const scene = await openPipelineScene();
    scene.github.setRepository(scene.repo, { ownedByOrganisation: true });
    scene.permit(['metadata']);
    const findings = await scene.verify();
    expect(of(findings, 'fail')).toEqual([]);
    const passing = new Set(findings.filter(({ outcome }) => outcome === 'pass').map(({ rule }) => rule));
    expect(
      [...passing].filter((id) => RULES.find((rule) => rule.id === id)?.permission !== undefined),
    ).toEqual([]);
    expect(passing.size).toBeGreaterThan(10);
  });
});

describe('a service that does not answer as it should', () => {
  it.each([
    ['HTML', { kind: 'html' }],
    ['503', { kind: 'status', status: 503 }],
    ['a cut answer', { kind: 'cut' }],
    ['a reset', { kind: 'reset' }],
  ] as const)(
    '%s from npm: its rules are unknown with the reason, and the others stand',
    async (_, fault) => {
      const scene = await openPipelineScene();
      scene.npm.fault({ ...fault, times: Number.POSITIVE_INFINITY });
      const findings = await scene.verify();
      expect(of(findings, 'fail')).toEqual([]);
      const unknown = new Set(
        findings.filter(({ outcome }) => outcome === 'unknown').map(({ rule }) => rule),
      );
      expect([...unknown].every((rule) => rule.startsWith('npm-') || rule.startsWith('manual-npm'))).toBe(
        true,
      );
      expect(unknown.size).toBeGreaterThanOrEqual(5);
    },
  );

  it.each([
    ['crates.io', 'crate-', 'cratesIo'],
    ['PyPI', 'pypi-', 'pypi'],
  ] as const)('503 from %s: its rules are unknown, and the others stand', async (_, prefix, service) => {
    const scene = await openPipelineScene();
    scene[service].fault({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY });
    const findings = await scene.verify();
    expect(of(findings, 'fail')).toEqual([]);
    const unknown = new Set(findings.filter(({ outcome }) => outcome === 'unknown').map(({ rule }) => rule));
    expect([...unknown].every((rule) => rule.includes(prefix.slice(0, -1)))).toBe(true);
    expect(unknown.size).toBeGreaterThanOrEqual(3);
  });

  it('503 for the rules of the branch alone: who bypasses them is unknown, and not nobody', async () => {
    const scene = await openPipelineScene();
    scene.github.fault({
      path: /\/rules\/branches\//,
      kind: 'status',
      status: 503,
      times: Number.POSITIVE_INFINITY,
    });
    const findings = await scene.verify();
    expect(of(findings, 'fail')).toEqual([]);
    expect(of(findings, 'unknown')).toContain('branch-bypass main');
  });

  it('503 from GitHub: its rules are unknown, nothing passes unseen, and the registries stand', async () => {
    const scene = await openPipelineScene();
    scene.github.fault({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY });
    const findings = await scene.verify();
    expect(of(findings, 'fail')).toEqual([]);
    const passing = new Set(findings.filter(({ outcome }) => outcome === 'pass').map(({ rule }) => rule));
    expect(
      [...passing].filter((id) => RULES.find((rule) => rule.id === id)?.permission !== undefined),
    ).toEqual([]);
  });
});
