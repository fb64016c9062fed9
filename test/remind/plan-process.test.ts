import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { everythingAboutTime } from '../support/plan-child.ts';

const CHILD = fileURLToPath(new URL('../support/plan-child.ts', import.meta.url));

describe('planCredential, in a process of another zone and language', () => {
  it.each([
    ['UTC', 'C'],
    ['America/New_York', 'en_US.UTF-8'],
    ['Pacific/Kiritimati', 'de_DE.UTF-8'],
    ['Australia/Lord_Howe', 'ar_EG.UTF-8'],
    ['Asia/Kathmandu', 'fa_IR.UTF-8'],
    ['America/Santiago', 'th_TH.UTF-8'],
  ])('G11, I3: plans the same instants and keys (TZ=%s, LANG=%s)', (zone, language) => {
    const env = { ...process.env, TZ: zone, LANG: language, LC_ALL: language };
    const said = execFileSync(process.execPath, ['--no-warnings', CHILD], { env, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual(JSON.parse(everythingAboutTime()));
  });

  it('G11: plans the same where the zone changes while it runs', () => {
    const before = everythingAboutTime();
    const zone = process.env['TZ'];
    try {
      process.env['TZ'] = 'Pacific/Chatham';
      expect(new Date(0).getHours()).toBe(12);
      expect(everythingAboutTime()).toBe(before);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
