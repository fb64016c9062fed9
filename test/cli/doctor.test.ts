import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/commands/doctor.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { openOutput } from '../../src/cli/output.ts';
import { CHECKS } from '../../src/doctor/checks.ts';
import { doctorExit } from '../../src/doctor/examine.ts';
import type { Line } from '../../src/doctor/line.ts';
import { writeLines } from '../../src/doctor/text.ts';
import type { Patient } from '../support/doctor.ts';
import { admit } from '../support/doctor.ts';

async function doctor({ world, installation }: Patient, json: boolean) {
  const printed: string[] = [];
  const out = {
    ...openOutput({ json, quiet: false, color: false }),
    result: (text: string) => printed.push(text),
    resultJson: (value: object) => printed.push(JSON.stringify(value)),
  };
  const code = await run({ world, places: installation, out }, { arguments: [], options: {} });
  return { code, printed: printed.join('\n') };
}

function line(change: Partial<Line>): Line {
  return { check: 'mail', subject: 'TLS', outcome: 'ok', text: 'trusted', ...change };
}

describe('reseal doctor', () => {
  it('is a command', () => {
    expect(COMMANDS.map(({ usage }) => usage)).toContain('doctor');
  });

  it('prints every line and a summary as JSON', async () => {
    const { code, printed } = await doctor(await admit(), true);
    const answer = JSON.parse(printed) as {
      schemaVersion: number;
      checks: Record<string, unknown>[];
      summary: Record<string, number>;
    };
    expect(code).toBe(1);
    expect(answer.schemaVersion).toBe(1);
    expect(Object.keys(answer.checks[0] ?? {})).toEqual(['check', 'subject', 'outcome', 'text', 'next']);
    const count = (outcome: string) => answer.checks.filter((one) => one['outcome'] === outcome).length;
    expect(answer.summary).toEqual({ ok: count('ok'), problem: count('problem'), unknown: count('unknown') });
  });

  it('answers 2 where there is no configuration, and still looks at the rest', async () => {
    const patient = await admit({ initialised: false });
    rmSync(patient.installation.configPath);
    const { code, printed } = await doctor(patient, false);
    expect(code).toBe(2);
    expect(printed).toMatch(/problem +file +there is no configuration at/);
    expect(printed).toMatch(/problem +folder +there is no folder/);
    expect(printed).toMatch(/→ make one with: reseal init/);
  });
});

describe('its exit code', () => {
  const config = { ok: true as const, value: {} as never };
  it.each([
    [0, [line({})]],
    [1, [line({}), line({ outcome: 'problem' })]],
    [1, [line({ outcome: 'unknown' })]],
  ] as const)('is %i', (code, lines) => {
    expect(doctorExit({ config }, lines)).toBe(code);
  });

  it('is 1 with a configuration that is broken', () => {
    const broken = { ok: false as const, what: 'the configuration', reason: '', hints: [], absent: false };
    expect(doctorExit({ config: broken }, [line({ outcome: 'problem' })])).toBe(1);
  });
});

describe('its text', () => {
  it('is grouped and aligned, and ends with what is to be done, problems first', () => {
    const lines = [
      line({ check: 'clock', subject: 'clock', outcome: 'unknown', text: 'no answer', next: 'try again' }),
      line({ subject: 'connection', text: 'm:587 answers' }),
      line({ outcome: 'problem', text: 'no trust', next: 'name it as its certificate does' }),
      line({ subject: 'log-in', text: 'taken', next: 'reseal remind --test ADDRESS' }),
    ];
    expect(writeLines(CHECKS, lines, (_, text) => text).split('\n')).toEqual([
      'Clock',
      '  unknown  clock  no answer',
      '',
      'Mail',
      '  ok       connection  m:587 answers',
      '  problem  TLS         no trust',
      '  ok       log-in      taken',
      '           → reseal remind --test ADDRESS',
      '',
      '1 problem, 1 unknown, 2 ok',
      '  problem  Mail, TLS: no trust',
      '           → name it as its certificate does',
      '  unknown  Clock, clock: no answer',
      '           → try again',
    ]);
  });

  it('keeps several lines below each other, and lets nothing move the cursor', () => {
    const lines = [line({ outcome: 'problem', text: 'one\n\u001b[2Jtwo', next: 'a\nb' })];
    expect(
      writeLines(CHECKS, lines, (_, text) => text)
        .split('\n')
        .slice(1, 3),
    ).toEqual(['  problem  TLS  one', '           [2Jtwo']);
  });
});
