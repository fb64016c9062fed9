import { describe, expect, it } from 'vitest';
import { adoptionGap } from '../../src/remind/adoption.ts';
import type { Reminded } from '../../src/remind/reminder.ts';
import { DESTINATION, daysFromNow } from '../support/builders.ts';
import { aCredential } from '../support/mail.ts';

type Found = Reminded['destinations'][number];

const made = (createdAt: Date | undefined) => aCredential(10, {}, { createdAt }).current;
const found = (
  remoteUpdatedAt: Date | undefined,
  state: Found['state'] = 'never-stored',
): readonly Found[] => [{ destination: DESTINATION, state, remoteUpdatedAt }];

describe('adoptionGap', () => {
  it.each([
    ['a secret older than the token', -1.01],
    ['a secret changed after it', 1.01],
  ])('returns %s by more than 24 hours, with both dates', (_what, days) => {
    expect(adoptionGap(made(daysFromNow(-90)), found(daysFromNow(-90 + days)))).toEqual([
      {
        destination: DESTINATION,
        createdAt: daysFromNow(-90),
        remoteUpdatedAt: daysFromNow(-90 + days),
      },
    ]);
  });

  it.each([
    ['the dates are a day apart', made(daysFromNow(-90)), found(daysFromNow(-89))],
    ['reseal stored it itself', made(daysFromNow(-90)), found(daysFromNow(-2), 'verified')],
    ['GitHub says no date', made(daysFromNow(-90)), found(undefined)],
    ['the creation is not known', made(undefined), found(daysFromNow(-2))],
    ['no version is recorded', undefined, found(daysFromNow(-2))],
  ])('returns nothing when %s', (_when, version, destinations) => {
    expect(adoptionGap(version, destinations)).toEqual([]);
  });
});
