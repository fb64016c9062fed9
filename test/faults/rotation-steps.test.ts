import { afterEach, describe, expect, it } from 'vitest';
import type { Interrupted, Way } from '../support/interrupted.ts';
import { openInterrupted, PUT_PATH } from '../support/interrupted.ts';
import type { Step } from '../support/stop-at.ts';

// The program as it ships, killed by a SIGKILL that it sends itself between two of its own instructions (test/support/stop-at.ts). The
// steps that can be hit from outside, at an exact moment of a stand-in, are in killed-rotation.test.ts.

const open: Interrupted[] = [];
afterEach(async () => {
  for (const { one } of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function killAt(step: Step, way: Way): Promise<{ after: Interrupted; page: unknown }> {
  const after = await openInterrupted();
  open.push(after);
  after.arm(step, 'SIGKILL');
  const { ended, page } = after.start(way);
  expect((await ended).signal).toBe('SIGKILL');
  return { after, page: await page };
}

const journal = (at: 'before-commit' | 'after-commit', state: string): Step => ({ at, journal: state });
const AT_INTENT = journal('after-commit', 'intended/intended');
const AT_ANSWER: Step = { at: 'answer', method: 'PUT', path: PUT_PATH };
const AT_RECORD = journal('after-commit', 'recorded/verified');

/** Nothing had been sent: the row, and where the process dies. */
const BEFORE: readonly (readonly [string, Step, string])[] = [
  ['A3: after the paste, before the check', journal('after-commit', 'submitted/'), 'submitted/'],
  ['A4: after the check, before GitHub is asked again', journal('after-commit', 'checked/'), 'checked/'],
  [
    'A5: when key and baseline are known, before the intent',
    { at: 'answer', method: 'GET', path: PUT_PATH, nth: 2 },
    'checked/',
  ],
  ['A5: inside the transaction of the intent', journal('before-commit', 'intended/intended'), 'checked/'],
];

/** Everything was done but our own record of it. */
const AFTER: readonly (readonly [string, Step, string])[] = [
  [
    'A10: after the answer is written down, before the look back',
    journal('after-commit', 'intended/stored'),
    'intended/stored',
  ],
  [
    'A11: after the look back, before the record',
    journal('after-commit', 'intended/verified'),
    'intended/verified',
  ],
  [
    'A11: between look back and record, one step later',
    journal('after-commit', 'stored/verified'),
    'stored/verified',
  ],
  ['A11: right before the record', journal('after-commit', 'verified/verified'), 'verified/verified'],
  [
    'A12: inside the recording transaction',
    journal('before-commit', 'recorded/verified'),
    'verified/verified',
  ],
];

const TITLE_BEFORE = '%s, is abandoned at the next start; the old token and its reminders stay (I14)';
const TITLE_AFTER = '%s, is completed at the next start, once (I13, I14)';

async function expectAbandoned(after: Interrupted): Promise<void> {
  expect(await after.shown()).toMatchObject({ version: 1, unsettled: null });
  expect(await after.round()).toEqual(['rotation.abandoned']);
  expect(after.kept()).toMatchObject({ journal: 'abandoned/', versions: [1], rotated: 0 });
  expect(after.kept().oldReminders).toBeGreaterThan(0);
  expect([after.one.sandbox.github.putCount(), after.holdsNew()]).toEqual([0, false]);
}

async function expectUnconfirmed(after: Interrupted): Promise<void> {
  expect(await after.shown()).toMatchObject({ code: 1, version: 1, destination: 'unconfirmed' });
  expect(await after.round()).toEqual(['rotation.unconfirmed']);
  expect((await after.shown()).unsettled).toContain('unconfirmed');
  expect(after.kept()).toMatchObject({ journal: 'unconfirmed/unconfirmed', versions: [1], rotated: 0 });
  expect(after.kept().oldReminders).toBeGreaterThan(0);
}

async function expectCompleted(after: Interrupted): Promise<void> {
  expect((await after.shown()).unsettled).toContain('interrupted while storing');
  expect(await after.round()).toEqual(['rotation.recorded']);
  expect(await after.round()).toEqual([]);
  await expectRecorded(after);
}

async function expectRecorded(after: Interrupted): Promise<void> {
  expect(await after.shown()).toMatchObject({ version: 2, unsettled: null, destination: 'verified' });
  expect(after.kept()).toMatchObject({
    journal: 'recorded/verified',
    versions: [1, 2],
    rotated: 1,
    owedOfOld: 0,
  });
  expect([after.one.sandbox.github.putCount(), after.holdsNew()]).toEqual([1, true]);
}

describe('a rotation by --stdin that is killed', () => {
  it.each(BEFORE)(TITLE_BEFORE, async (_, step, left) => {
    const { after } = await killAt(step, '--stdin');
    expect(after.kept().journal).toBe(left);
    await expectAbandoned(after);
  });

  it('A6: after the intent, nothing sent, has failed once no write can land any more (I14)', async () => {
    const { after } = await killAt(AT_INTENT, '--stdin');
    expect((await after.shown()).unsettled).toContain('interrupted while storing');
    expect(await after.round()).toEqual([]);
    after.one.advanceGitHub(61_000);
    expect(await after.round()).toEqual(['rotation.failed']);
    expect(await after.shown()).toMatchObject({ version: 1, unsettled: null });
    expect(after.kept()).toMatchObject({ journal: 'failed/failed', versions: [1], rotated: 0 });
    expect(after.kept().oldReminders).toBeGreaterThan(0);
    expect([after.one.sandbox.github.putCount(), after.holdsNew()]).toEqual([0, false]);
  });

  it('A9: after the answer, before it is written down, is unconfirmed until a person says (I14)', async () => {
    const { after } = await killAt(AT_ANSWER, '--stdin');
    await expectUnconfirmed(after);
    const expires = new Date(Date.now() + 360 * 86_400_000).toISOString().slice(0, 10);
    const { code } = await after.one.program.run('confirm', 'crates-io', '--stored', '--expires', expires);
    expect(code).toBe(0);
    await expectRecorded(after);
  });

  it.each(AFTER)(TITLE_AFTER, async (_, step, left) => {
    const { after } = await killAt(step, '--stdin');
    expect(after.kept()).toMatchObject({ journal: left, versions: [1], rotated: 0 });
    await expectCompleted(after);
  });

  it('A13: after the record, before the result, has rotated, and nothing is left to do (I13)', async () => {
    const { after } = await killAt(AT_RECORD, '--stdin');
    expect(await after.round()).toEqual([]);
    await expectRecorded(after);
  });
});

// Between paste and record both ways are one: these are the ends of it, and what becomes of the page.
describe('a rotation by form that is killed', () => {
  it.each(BEFORE.slice(0, 1))(TITLE_BEFORE, async (_, step) => {
    const { after, page } = await killAt(step, 'form');
    expect(page).toBe('cut off');
    await expectAbandoned(after);
  });

  it('A9: after the answer, before it is written down, is unconfirmed (I14)', async () => {
    const { after, page } = await killAt(AT_ANSWER, 'form');
    expect(page).toBe('cut off');
    await expectUnconfirmed(after);
  });

  it.each(AFTER.slice(-1))(TITLE_AFTER, async (_, step) => {
    const { after, page } = await killAt(step, 'form');
    expect(page).toBe('cut off');
    await expectCompleted(after);
  });

  it('A13: after the record, before page and result, has rotated, and nothing is left to do (I13)', async () => {
    const { after, page } = await killAt(AT_RECORD, 'form');
    expect(page).toBe('cut off');
    expect(await after.round()).toEqual([]);
    await expectRecorded(after);
  });
});
