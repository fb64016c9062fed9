import { afterEach, describe, expect, it } from 'vitest';
import type { Interrupted, Rotating, Way } from '../support/interrupted.ts';
import { openInterrupted, PUT_PATH } from '../support/interrupted.ts';
import type { Step } from '../support/stop-at.ts';

// Two ways to send a signal: from outside, at a moment of a stand-in or of the form, and by the program to itself between two of its own
// instructions (test/support/stop-at.ts).

const open: Interrupted[] = [];
afterEach(async () => {
  for (const { one } of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function begin(): Promise<Interrupted> {
  const job = await openInterrupted();
  open.push(job);
  return job;
}

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

function outcomeOf(stdout: string): unknown {
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(last) as { outcome: string }).outcome;
}

/** Resolves once the program has said this on standard error. */
function heard({ running }: Rotating, text: string): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    running.child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(text)) resolve();
    });
  });
}

describe('a rotation that is told to stop', () => {
  describe('before GitHub is asked', () => {
    it.each(SIGNALS)(
      'A15: by %s, ends of it; the next start abandons it, and nothing was stored',
      async (signal) => {
        const job = await begin();
        job.arm({ at: 'request', method: 'GET', path: '^/repos/[^/]+/[^/]+$' }, signal);
        expect((await job.start('form').ended).signal).toBe(signal);
        expect(job.kept().journal).toBe('opened/');
        expect(await job.round()).toEqual(['rotation.abandoned']);
        expect([job.one.sandbox.github.putCount(), job.kept().versions]).toEqual([0, [1]]);
      },
    );
  });

  describe('while it waits for a token', () => {
    it.each(SIGNALS)('A2, A15: by %s at the form, is abandoned and says so', async (signal, code) => {
      const job = await begin();
      const running = job.one.program.start('--json', 'rotate', 'crates-io');
      for await (const line of running.lines) if (line.includes('"form"')) break;
      running.child.kill(signal);
      const { code: ended, stdout } = await running.finished;
      expect([ended, outcomeOf(stdout)]).toEqual([code, 'abandoned']);
      expect([job.kept().journal, job.one.sandbox.github.putCount()]).toEqual(['abandoned/', 0]);
    });

    it.each(SIGNALS)('A2, A15: by %s at standard input, is abandoned and says so', async (signal, code) => {
      const job = await begin();
      const running = job.one.program.feed(undefined, '--json', 'rotate', 'crates-io', '--stdin');
      await heard({ running } as Rotating, 'goes to');
      running.child.kill(signal);
      const { code: ended, stdout } = await running.finished;
      expect([ended, outcomeOf(stdout)]).toEqual([code, 'abandoned']);
      expect([job.kept().journal, job.one.sandbox.github.putCount()]).toEqual(['abandoned/', 0]);
    });
  });

  describe('once the token is in hand', () => {
    const journal = (at: 'before-commit' | 'after-commit', state: string): Step => ({ at, journal: state });
    const STILL_FREE: readonly (readonly [string, Step])[] = [
      ['after the paste', journal('after-commit', 'submitted/')],
      ['after the check', journal('after-commit', 'checked/')],
      ['before the intent', { at: 'answer', method: 'GET', path: PUT_PATH, nth: 2 }],
    ];
    const STEPS: readonly (readonly [string, Step])[] = [
      ['after the intent', journal('after-commit', 'intended/intended')],
      ['after the answer', { at: 'answer', method: 'PUT', path: PUT_PATH }],
      ['before the look back', journal('after-commit', 'intended/stored')],
      ['after the look back', journal('after-commit', 'intended/verified')],
      ['inside the record', journal('before-commit', 'recorded/verified')],
      ['after the record', journal('after-commit', 'recorded/verified')],
    ];

    async function expectCarriedOn(way: Way, step: Step, signal: NodeJS.Signals): Promise<void> {
      const job = await begin();
      job.arm(step, signal);
      const { ended, page } = job.start(way);
      const { code, stdout } = await ended;
      expect([code, outcomeOf(stdout)]).toEqual([0, 'recorded']);
      if (page) expect(await page).toMatchObject({ status: 200, body: expect.stringContaining('</html>') });
      expect(job.kept()).toMatchObject({ journal: 'recorded/verified', versions: [1, 2], rotated: 1 });
      expect([job.one.sandbox.github.putCount(), job.holdsNew()]).toEqual([1, true]);
    }

    it.each(STILL_FREE)(
      'A15: by SIGINT %s, is abandoned, and nothing is stored afterwards',
      async (_, step) => {
        const job = await begin();
        job.arm(step, 'SIGINT');
        const { code, stdout } = await job.start('--stdin').ended;
        expect([code, outcomeOf(stdout)]).toEqual([130, 'abandoned']);
        expect(job.kept()).toMatchObject({ journal: 'abandoned/', versions: [1], rotated: 0 });
        expect([job.one.sandbox.github.putCount(), job.holdsNew()]).toEqual([0, false]);
      },
    );

    it('A15: by SIGTERM after the check, is abandoned, and the page says so', async () => {
      const job = await begin();
      job.arm(journal('after-commit', 'checked/'), 'SIGTERM');
      const { ended, page } = job.start('form');
      const { code, stdout } = await ended;
      expect([code, outcomeOf(stdout)]).toEqual([143, 'abandoned']);
      expect(await page).toMatchObject({ body: expect.stringContaining('Nothing was changed') });
      expect([job.kept().journal, job.one.sandbox.github.putCount()]).toEqual(['abandoned/', 0]);
    });

    it.each(STEPS)('A15: by SIGINT %s, goes to its end first, and tells it', async (_, step) => {
      await expectCarriedOn('--stdin', step, 'SIGINT');
    });

    it.each(STEPS.filter(([name]) => name === 'after the intent' || name === 'after the answer'))(
      'A15: by SIGTERM %s, goes to its end first, and the page is whole',
      async (_, step) => {
        await expectCarriedOn('form', step, 'SIGTERM');
      },
    );

    it('A15: and GitHub refuses, has failed, and nothing was stored', async () => {
      const job = await begin();
      job.one.sandbox.github.fault({ method: 'PUT', kind: 'status', status: 404 });
      job.arm(journal('after-commit', 'intended/intended'), 'SIGTERM');
      const { code, stdout } = await job.start('--stdin').ended;
      expect([code, outcomeOf(stdout)]).toEqual([3, 'failed']);
      expect([job.kept().journal, job.holdsNew()]).toEqual(['failed/failed', false]);
    });

    it.each(SIGNALS)(
      'A15: by %s once more, half a second later, says what is known and ends; the next start finds out how far it came',
      async (signal, code) => {
        const job = await begin();
        job.one.sandbox.github.fault({ method: 'PUT', kind: 'apply-then-hang' });
        const applied = job.one.sandbox.github.when({ method: 'PUT', stage: 'applied' });
        const rotating = job.start('--stdin');
        const waiting = heard(rotating, 'once more to stop at once');
        await applied;
        rotating.running.child.kill(signal);
        await waiting;
        // Those of the first half second are the same keypress to it.
        const pressing = setInterval(() => rotating.running.child.kill(signal), 50);
        const { code: ended, stderr } = await rotating.ended;
        clearInterval(pressing);
        expect([ended, stderr]).toEqual([code, expect.stringContaining('look at `reseal status`')]);
        expect(job.kept()).toMatchObject({ journal: 'intended/intended', versions: [1] });
        expect(await job.round()).toEqual(['rotation.unconfirmed']);
      },
    );
  });
});
