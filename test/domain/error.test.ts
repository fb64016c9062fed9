import { describe, expect, it } from 'vitest';
import { AppError, describeError, isAppError } from '../../src/domain/error.ts';

describe('describeError', () => {
  it('gives the message of an expected failure', () => {
    expect(describeError(new AppError('busy', 'the database is in use'))).toBe('the database is in use');
  });

  it('gives class and code alone of a foreign one: its text may hold what must not be shown', () => {
    const foreign = Object.assign(new TypeError('https://user:canary@mail.example.org'), {
      code: 'ENOTFOUND',
    });
    expect(describeError(foreign)).toBe('TypeError (ENOTFOUND)');
    expect(describeError(new RangeError('canary'))).toBe('RangeError');
    expect(describeError('canary')).toBe('unknown error');
    expect(describeError({ message: 'canary' })).toBe('unknown error');
  });
});

describe('isAppError', () => {
  it('tells by class and code', () => {
    const error = new AppError('busy', 'in use', { hints: ['try again'] });
    expect(isAppError(error)).toBe(true);
    expect(isAppError(error, 'busy')).toBe(true);
    expect(isAppError(error, 'storage')).toBe(false);
    expect(isAppError(new Error('busy'), 'busy')).toBe(false);
  });
});
