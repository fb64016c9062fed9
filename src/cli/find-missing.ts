import type { Declaration, Destination } from '../domain/credential.ts';
import { formatDestination, sameDestination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';
import type { StoredCredential } from '../register/register.ts';
import type { Completion, Fingerprints } from '../rotate/rotation.ts';

/**
 * The destinations that do not hold the current version, and what it is completed with.
 *
 * @throws AppError refused, or invalid_input, saying why the same token cannot be stored there
 */
export function findMissing(
  { name, destinations }: Declaration,
  stored: StoredCredential | undefined,
  fingerprints: Fingerprints,
): { readonly destinations: readonly Destination[]; readonly completes: Completion } {
  const current = stored?.current;
  if (!current) {
    throw new AppError(
      'invalid_input',
      `no version of "${name}" is recorded, so that nothing is missing of it`,
      {
        hints: [`rotate it whole: reseal rotate ${name}`],
      },
    );
  }
  if (current.standing !== 'good') {
    throw new AppError(
      'refused',
      `version ${current.version} of "${name}" is ${current.standing}: it must not be stored again`,
      {
        hints: [`make a new one: reseal rotate ${name}`],
      },
    );
  }
  if (!fingerprints.isComparable(current.fingerprint)) {
    throw new AppError(
      'refused',
      `nobody can tell whether a token is that of version ${current.version}: it was not pasted here, or its key is lost`,
      {
        hints: [`store a new one everywhere: reseal rotate ${name}`],
      },
    );
  }
  const rowOf = (place: Destination) =>
    stored.destinations.find(({ destination }) => sameDestination(destination, place));
  const holds = (place: Destination) => {
    const row = rowOf(place);
    return row?.version === current.version && row.state === 'verified';
  };
  const foreign = destinations.filter((place) => rowOf(place)?.state === 'changed-elsewhere');
  if (foreign.length > 0) {
    throw new AppError(
      'refused',
      `somebody else changed ${foreign.map(formatDestination).join(', ')}: the older token must not overwrite it`,
      {
        hints: [
          `find out whose it is, then: reseal confirm ${name} --stored --expires DATE, or store a new one everywhere: reseal rotate ${name}`,
        ],
      },
    );
  }
  const missing = destinations.filter((place) => !holds(place));
  if (missing.length === 0) {
    throw new AppError(
      'refused',
      `version ${current.version} of "${name}" is stored at every destination: nothing is missing`,
      {
        hints: [`for a new token: reseal rotate ${name}`],
      },
    );
  }
  const { version, expiry, lifetimeDays, createdAt, checked, fingerprint } = current;
  return {
    destinations: missing,
    completes: { version, known: { expiry, lifetimeDays, createdAt, checked, fingerprint } },
  };
}
