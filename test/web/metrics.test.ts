import { describe, expect, it } from 'vitest';
import type { Figures } from '../../src/web/metrics.ts';
import { renderMetrics } from '../../src/web/metrics.ts';
import type { Overview } from '../../src/web/overview.ts';
import { anOverview, ending, LOOK, many, troubled, undated } from './page-overviews.ts';
import { readMetrics } from './read-metrics.ts';

function ago(seconds: number): Date {
  return new Date(LOOK.getTime() - seconds * 1000);
}

function someFigures(overrides: Partial<Figures> = {}): Figures {
  return {
    rotations: { recorded: 4, rejected: 1, abandoned: 2, failed: 0 },
    unconfirmed: 1,
    findings: [],
    process: {
      residentBytes: 61_000_000,
      openDescriptors: 23,
      cpuSeconds: 1.25,
      startedAt: ago(3600),
    },
    ...overrides,
  };
}

function read(overview: Partial<Overview>, figures: Partial<Figures> = {}) {
  return readMetrics(renderMetrics(anOverview(overview), someFigures(figures)));
}

function sampleOf(families: ReturnType<typeof readMetrics>, name: string, labels: object = {}) {
  const found = families
    .get(name)
    ?.samples.filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  expect(found, name).toHaveLength(1);
  return found?.[0]?.value;
}

describe('the metrics', () => {
  it('are in the text format, whatever the state, and named by its conventions', () => {
    for (const overview of [anOverview(), troubled(), many(60)]) {
      const families = readMetrics(renderMetrics(overview, someFigures()));
      for (const [name, { type, help }] of families) {
        expect(name).toMatch(/^(reseal|process)_[a-z_]+$/);
        expect(name.endsWith('_total')).toBe(type === 'counter');
        expect(help).toMatch(/\.$/);
      }
    }
  });

  it('say when a credential expires, and in how many seconds', () => {
    const [crates, npm] = [ending(10), ending(-4, { name: 'npm-publish', kind: 'npm-token' })];
    const families = read({ credentials: [crates, npm] });
    const at = Date.parse(crates.status.expiresAt ?? '') / 1000;
    const labels = { name: 'crates-io', kind: 'crates-io-token' };
    expect(sampleOf(families, 'reseal_credential_expires_timestamp_seconds', labels)).toBe(at);
    expect(sampleOf(families, 'reseal_credential_expiry_seconds', labels)).toBe(at - LOOK.getTime() / 1000);
    expect(sampleOf(families, 'reseal_credential_expiry_known', labels)).toBe(1);
    const gone = { name: 'npm-publish', kind: 'npm-token' };
    expect(sampleOf(families, 'reseal_credential_expiry_seconds', gone)).toBeLessThan(-3 * 86_400);
  });

  it('have no date where none is known, and say that it is not known', () => {
    const unknown = undated('unknown', 'gpg-key');
    const status = { ...unknown.status, expirySource: 'unknown' } as const;
    const families = read({ credentials: [{ ...unknown, status }, undated('never', 'deploy-key')] });
    expect(families.has('reseal_credential_expires_timestamp_seconds')).toBe(false);
    expect(families.has('reseal_credential_expiry_seconds')).toBe(false);
    expect(sampleOf(families, 'reseal_credential_expiry_known', { name: 'gpg-key' })).toBe(0);
    expect(sampleOf(families, 'reseal_credential_expiry_known', { name: 'deploy-key' })).toBe(1);
  });

  it('show every state of a credential, one of them 1', () => {
    const states = read({ credentials: [ending(2)] }).get('reseal_credential_state')?.samples ?? [];
    expect(states).toHaveLength(8);
    expect(states.filter(({ value }) => value === 1).map(({ labels }) => labels['state'])).toEqual([
      'critical',
    ]);
  });

  it('leave out what is retired', () => {
    const retired = ending(2, { retiredAt: '2026-01-01T00:00:00Z' });
    expect(read({ credentials: [retired] }).has('reseal_credential_state')).toBe(false);
  });

  it('carry any text in a label, and nothing beyond it', () => {
    const name = 'a"b\\c\nd} 1\n# TYPE x counter\u{d800}é';
    const families = read({ credentials: [ending(2, { name })] });
    const wanted = name.toWellFormed();
    expect(sampleOf(families, 'reseal_credential_expiry_known', { name: wanted })).toBe(1);
  });

  it('count messages by state, and how long the oldest waits', () => {
    const families = readMetrics(renderMetrics(troubled(), someFigures()));
    const counts = families
      .get('reseal_messages')
      ?.samples.map(({ labels, value }) => [labels['state'], value]);
    expect(Object.fromEntries(counts ?? [])).toEqual({
      pending: 1,
      'in-flight': 0,
      sent: 31,
      ambiguous: 1,
      dead: 1,
    });
    expect(sampleOf(families, 'reseal_oldest_undelivered_age_seconds')).toBe(86_400 * 4);
    expect(sampleOf(read({}), 'reseal_oldest_undelivered_age_seconds')).toBe(0);
  });

  it('say when the last good round was and each verification, and nothing before the first', () => {
    const pipelines = [
      { name: 'widgets', verifiedAt: ago(7200) },
      { name: 'new', verifiedAt: undefined },
    ];
    const families = read({ pipelines });
    const seconds = LOOK.getTime() / 1000;
    expect(sampleOf(families, 'reseal_last_good_round_timestamp_seconds')).toBe(seconds - 40);
    expect(families.get('reseal_last_verify_timestamp_seconds')?.samples).toEqual([
      { labels: { pipeline: 'widgets' }, value: seconds - 7200 },
    ]);
    const none = read({ beats: { cycle: undefined, goodCycle: undefined, verify: undefined } });
    expect(none.has('reseal_last_good_round_timestamp_seconds')).toBe(false);
    expect(none.has('reseal_last_verify_timestamp_seconds')).toBe(false);
  });

  it('count findings and rotations by outcome', () => {
    const summary = { pass: 20, fail: 2, unknown: 1, notApplicable: 3, manual: 4 };
    const families = read({}, { findings: [{ pipeline: 'widgets', summary }] });
    expect(sampleOf(families, 'reseal_findings', { pipeline: 'widgets', outcome: 'fail' })).toBe(2);
    expect(sampleOf(families, 'reseal_findings', { outcome: 'not-applicable' })).toBe(3);
    expect(sampleOf(families, 'reseal_rotations_total', { outcome: 'recorded' })).toBe(4);
    expect(sampleOf(families, 'reseal_rotations_unconfirmed')).toBe(1);
  });

  it('show the process as every client library does', () => {
    const families = read({});
    expect(sampleOf(families, 'process_resident_memory_bytes')).toBe(61_000_000);
    expect(sampleOf(families, 'process_open_fds')).toBe(23);
    expect(sampleOf(families, 'process_cpu_seconds_total')).toBe(1.25);
    expect(sampleOf(families, 'process_start_time_seconds')).toBe(ago(3600).getTime() / 1000);
    expect(sampleOf(families, 'reseal_build_info', { version: '0.1.0' })).toBe(1);
    const { process: figures } = someFigures();
    const elsewhere = read({}, { process: { ...figures, openDescriptors: undefined } });
    expect(elsewhere.has('process_open_fds')).toBe(false);
  });
});
