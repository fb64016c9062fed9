import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { rawOf, readCalendar, textOf } from '../calendar/read-calendar.ts';
import type { Installed } from '../support/installed.ts';
import { install, installAndRecord, PROGRAM, statusOf } from '../support/installed.ts';

const open: Installed[] = [];
async function keep(installed: Promise<Installed>): Promise<Installed> {
  const one = await installed;
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** Byte for byte: the ends of lines are part of a calendar. */
function run({ installation, leaks }: Installed, ...args: readonly string[]) {
  const { configPath, dataDir } = installation;
  const places = ['--config', configPath, '--data-dir', dataDir];
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...places, ...args], {
    encoding: 'utf8',
  });
  leaks.note({ sink: 'stdout', where: 'calendar', bytes: Buffer.from(stdout + stderr) });
  return { code: status, stdout, stderr };
}

describe('calendar', () => {
  describe('when a credential has a known expiry', () => {
    it('prints an event for it, and nothing else', async () => {
      const one = await keep(installAndRecord());
      const { code, stdout, stderr } = run(one, 'calendar');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const [event, ...others] = readCalendar(stdout).inside;
      expect(others).toEqual([]);
      expect(textOf(event, 'SUMMARY')).toBe('crates-io expires (CRATES_IO_TOKEN in joaoh82/rust_sqlite)');
      const { status } = await statusOf(one);
      expect(rawOf(event, 'DTSTART')).toBe(status.credentials[0]?.expiresAt?.replace(/[:-]/g, ''));
    });

    it('prints the same again, and as JSON', async () => {
      const one = await keep(installAndRecord());
      const calendar = run(one, 'calendar').stdout;
      expect(JSON.parse(run(one, '--json', 'calendar').stdout)).toEqual({ schemaVersion: 1, calendar });
    });
  });

  describe('when nothing is recorded', () => {
    it('prints an empty calendar and says why', async () => {
      const one = await keep(install());
      run(one, 'init');
      const { code, stdout, stderr } = run(one, 'calendar');
      expect(code).toBe(0);
      expect(readCalendar(stdout).inside).toEqual([]);
      expect(stderr).toContain('no credential with a known expiry is recorded');
    });
  });

  describe('when init has not been run', () => {
    it('is refused with 2', async () => {
      expect(run(await keep(install()), 'calendar').code).toBe(2);
    });
  });
});
