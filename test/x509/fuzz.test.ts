import { expect, it } from 'vitest';
import { certificate } from '../../src/kinds/certificate.ts';
import { exportP12, issue, openssl } from '../support/certificates.ts';
import { readFile } from './reading.ts';

const PASSWORD = 'correct horse battery';
const root = issue({ authority: true, subject: '/CN=Acme Root' });
const own = issue({ signedBy: root });
const p12 = (...flags: readonly string[]) => exportP12(own, { password: PASSWORD, chain: [root], flags });
const locked = openssl(['pkcs8', '-topk8', '-iter', '1', '-passout', 'env:P12_PASSWORD'], {
  input: own.keyPem,
  password: PASSWORD,
});
const few = ['-iter', '1', '-maciter'];
const WHOLE = [
  own.der,
  own.certificatePem,
  Buffer.concat([own.certificatePem, own.keyPem, root.certificatePem]),
  Buffer.concat([own.certificatePem, locked]),
  p12(...few),
  p12('-legacy', ...few),
  p12('-nomac', '-certpbe', 'NONE', '-keypbe', 'NONE'),
  p12('-nomac', ...few),
];
/** Those of them with a checksum. */
const CHECKED = [4, 5];
const FILES = 2_000;
/** The rounds that one file may have cost take about this long at the most. */
const LONGEST_MS = 30_000;

/** xorshift32 (Marsaglia 2003), so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutated(file: Buffer, below: (limit: number) => number): Buffer {
  const copy = Buffer.from(file);
  for (let count = 1 + below(3); count > 0; count--) copy[below(copy.length)] = below(256);
  const at = below(copy.length);
  switch (below(5)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + below(20))]);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + below(40)), copy.subarray(at)]);
    default:
      return copy;
  }
}

it('never throws and never hangs, whatever a damaged file holds', async () => {
  const below = random(20_261_123);
  let taken = 0;
  for (let count = 0; count < FILES; count++) {
    const file = mutated(WHOLE[count % WHOLE.length] ?? own.der, below);
    const before = performance.now();
    expect(certificate.checkFormat(file).join()).not.toContain(PASSWORD);
    const { problems, expiry } = await readFile(file, PASSWORD);
    expect(performance.now() - before).toBeLessThan(LONGEST_MS);
    if (problems.length > 0) continue;
    taken++;
    expect(expiry?.kind === 'known' && Number.isFinite(expiry.at.getTime())).toBe(true);
    // A checksum holds over all of these, so that none of it can have changed.
    if (CHECKED.includes(count % WHOLE.length)) expect(expiry).toMatchObject({ at: own.notAfter });
  }
  expect(taken).toBeGreaterThan(0);
}, 120_000);
