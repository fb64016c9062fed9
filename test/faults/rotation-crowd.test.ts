import { afterEach, describe, expect, it } from 'vitest';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { openedForm } from '../support/installed.ts';
import type { Interrupted } from '../support/interrupted.ts';
import { openInterrupted } from '../support/interrupted.ts';

const open: Interrupted[] = [];
afterEach(async () => {
  for (const { one } of open.splice(0)) await one[Symbol.asyncDispose]();
});

async function begin(): Promise<Interrupted> {
  const job = await openInterrupted();
  open.push(job);
  return job;
}

describe('a crowd', () => {
  it('D9: when five tabs submit at once, stores one token, and the others are told that it is under way (I18)', async () => {
    const job = await begin();
    const { github, offeredToken } = job.one.sandbox;
    const held = github.fault({ method: 'PUT', kind: 'hold' });
    const arrived = github.when({ method: 'PUT' });
    const running = job.one.program.start('--json', 'rotate', 'crates-io');
    const address = await openedForm(running);
    const page = await openPage(address);
    const fields = { token: offeredToken, expiration: '365d' };
    const answers = Array.from({ length: 5 }, () => submitForm(address, page, fields));
    await arrived;
    // The one that stores answers last: it is held until the others have been answered.
    const others = await Promise.all([1, 2, 3, 4].map((count) => nth(answers, count)));
    held.release();
    const all = (await Promise.all(answers)).map(({ status }) => status).sort();
    expect(all).toEqual([200, 409, 409, 409, 409]);
    expect(others.every(({ status }) => status === 409)).toBe(true);
    expect((await running.finished).code).toBe(0);
    expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(job.kept()).toMatchObject({ journal: 'recorded/verified', versions: [1, 2], rotated: 1 });
  });

  it('D10: when four processes rotate at once, one stores, and the others change nothing (I18)', async () => {
    const job = await begin();
    const { github } = job.one.sandbox;
    const ended = await Promise.all([1, 2, 3, 4].map(() => job.start('--stdin').ended));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 3, 3, 3]);
    expect(github.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    expect(job.kept()).toMatchObject({ versions: [1, 2], rotated: 1 });
    expect(job.holdsNew()).toBe(true);
  });
});

/** The answer that comes as the n-th. */
function nth<T>(promises: readonly Promise<T>[], count: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let come = 0;
    for (const promise of promises) {
      promise.then((value) => {
        come += 1;
        if (come === count) resolve(value);
      }, reject);
    }
  });
}
