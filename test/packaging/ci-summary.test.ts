import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reseal-summary-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** One file with one test for each status. */
function summaryOf(...statuses: readonly Status[]): {
  readonly lines: readonly string[];
  readonly code: number | null;
} {
  const assertionResults = statuses.map((status) => ({ status, fullName: `a test that is ${status}` }));
  const status = statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed';
  return summaryOfText(
    JSON.stringify({ testResults: [{ name: resolve('test/a.test.ts'), status, assertionResults }] }),
  );
}

function summaryOfText(report: string): { readonly lines: readonly string[]; readonly code: number | null } {
  const file = join(folder, 'report.json');
  writeFileSync(file, report);
  const { stdout, status } = spawnSync(process.execPath, ['tools/ci-summary.mjs', file], {
    encoding: 'utf8',
  });
  return { lines: stdout.trimEnd().split('\n'), code: status };
}

describe('the summary of a CI run', () => {
  describe('when every test ran and passed', () => {
    it('returns 0 and the counts alone', () => {
      expect(summaryOf('passed', 'passed')).toEqual({ lines: ['2 passed, 0 failed, 0 skipped'], code: 0 });
    });
  });

  describe('when a test failed', () => {
    it('returns 1 with the counts last', () => {
      const { lines, code } = summaryOf('passed', 'failed');
      expect({ last: lines.at(-1), code }).toEqual({ last: '1 passed, 1 failed, 0 skipped', code: 1 });
    });
  });

  describe('when a test did not run', () => {
    it.each(['skipped', 'pending', 'todo'] as const)('returns 1 and names one that is %s', (status) => {
      expect(summaryOf('passed', status)).toEqual({
        lines: [
          `not run (${status}): test/a.test.ts: a test that is ${status}`,
          '1 passed, 0 failed, 1 skipped',
        ],
        code: 1,
      });
    });
  });

  describe('when a file did not load', () => {
    it('returns 1 and counts the file as failed', () => {
      expect(summaryOf()).toEqual({
        lines: ['did not load: test/a.test.ts', 'no test was run', '0 passed, 1 failed, 0 skipped'],
        code: 1,
      });
    });
  });

  describe('when there is no test at all', () => {
    it('returns 1 for a report without one', () => {
      expect(summaryOfText('{"testResults":[]}')).toEqual({
        lines: ['no test was run', '0 passed, 0 failed, 0 skipped'],
        code: 1,
      });
    });

    it('returns 1 where the report is missing', () => {
      const { stdout, status } = spawnSync(
        process.execPath,
        ['tools/ci-summary.mjs', join(folder, 'absent')],
        {
          encoding: 'utf8',
        },
      );
      expect({ stdout, status }).toEqual({
        stdout: 'no test was run\n0 passed, 0 failed, 0 skipped\n',
        status: 1,
      });
    });
  });
});
