import { expect } from 'vitest';
import type { Header, TestForm } from './form.ts';
import { load, submit, TOKEN } from './form.ts';
import type { RawAnswer } from './raw-http.ts';

export function hostOf(form: TestForm): Header {
  return ['Host', new URL(form.address).host];
}

/** Refused by one constant answer, and the form takes an honest submission all the same. */
export async function expectRefused(form: TestForm, answer: RawAnswer, status: number): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.body).toBe('Not available.\n');
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'Referrer-Policy': 'same-origin',
    Connection: 'close',
  });
  expect(form.received).toEqual([]);
  expect((await load(form)).status).toBe(200);
  expect((await submit(form)).body).toContain('Stored and recorded');
  expect(form.received.map((each) => each.token)).toEqual([TOKEN]);
}
