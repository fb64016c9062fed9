import type { NewVersion } from '../../src/domain/credential.ts';
import { DESTINATION, knownUntil } from './builders.ts';
import type { Stores } from './database.ts';

// What leaves something to be settled, recorded by the program's own stores.

type Recording = Pick<Stores, 'rotations'>;

export function aNewVersion(until: Date | string, overrides: Partial<NewVersion> = {}): NewVersion {
  return {
    expiry: knownUntil(until),
    lifetimeDays: 365,
    createdAt: undefined,
    checked: 'live',
    ...overrides,
  };
}

/** A rotation that has reached GitHub, and nobody knows what became of it. @returns its id */
export function beginUnconfirmed({ rotations }: Recording, credential: string, at: Date): string {
  const id = beginWrite({ rotations }, credential, at);
  rotations.move(id, 'unconfirmed', at, 'no answer');
  return id;
}

/** A rotation from its beginning to its end. @returns the version that it made */
export function rotateTo(
  { rotations }: Recording,
  credential: string,
  version: NewVersion,
  at: Date,
): number {
  return rotations.record(beginWrite({ rotations }, credential, at, version), version, at);
}

function beginWrite(
  { rotations }: Recording,
  credential: string,
  at: Date,
  version: NewVersion = aNewVersion('2030-01-01'),
): string {
  const id = `${credential} at ${at.toISOString()}`;
  const intent = {
    destination: DESTINATION,
    keyId: '1',
    baselineUpdatedAt: undefined,
    intendedAt: at,
    localAt: at,
  };
  rotations.open({ id, credential, openedAt: at, pid: 1, host: 'host' });
  rotations.move(id, 'submitted', at);
  rotations.move(id, 'checked', at);
  rotations.intend(id, intent, version);
  return id;
}
