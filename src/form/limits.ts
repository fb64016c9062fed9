import type { RotationCard } from '../rotate/rotation.ts';
import { MAX_PASSWORD_BYTES, secretNames } from './given.ts';
import type { Gate } from './guard.ts';

/** What is not secret: the short fields, with their names. */
const REST_BYTES = 1_024;
/** The headers of one part, with the name of a file. */
const PART_BYTES = 2_048;
/** A file that was chosen by mistake may be a disk image: it is read so far, so that the page can say what is wrong. */
const LARGEST_MISTAKE = 64 * 1_048_576;

/** How long a body may be, and how much of a longer one is read before it is answered. */
export function bodyLimits(
  card: RotationCard,
  maxTokenBytes: number,
): Pick<Gate, 'encoding' | 'maxBodyBytes' | 'drainBytes'> {
  const names = secretNames(card);
  const lengths = names.map((name) => (name === 'password' ? MAX_PASSWORD_BYTES : maxTokenBytes));
  if (!names.includes('file')) {
    return {
      encoding: 'urlencoded',
      maxBodyBytes: REST_BYTES + sum(lengths.map(escaped)),
      drainBytes: REST_BYTES + sum(lengths.map(longestPaste)),
    };
  }
  // What is too long by little is parsed, so that the page can say which field it is.
  const slack = PART_BYTES * names.length + longestPaste(MAX_PASSWORD_BYTES);
  return {
    encoding: 'multipart',
    maxBodyBytes: REST_BYTES + slack + sum(lengths),
    drainBytes: LARGEST_MISTAKE,
  };
}

/** Every byte may be sent as `%XX`. */
function escaped(bytes: number): number {
  return 3 * bytes;
}

/** What a field lets through is counted in UTF-16 units, each of which is up to three bytes, and each of these `%XX`. */
function longestPaste(bytes: number): number {
  return 9 * (bytes + 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
