import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { canReadMemory, countCopies } from '../support/memory.ts';
import type { Way } from '../support/residue.ts';
import { measureResidue } from '../support/residue.ts';

const TOKEN = 'cioA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6';

/** Keeps what it reads, in its first large buffer, and says so. */
const HOLDER =
  "const kept = Buffer.alloc(4096); process.stdin.on('data', (d) => { d.copy(kept); console.log(kept.length); })";

/**
 * Whole copies at the most. Without a live check the token never becomes a string, and its buffers are wiped; the header of
 * a live check is a string, which nobody can wipe (docs/security.md has the figures that `node tools/residue.ts` prints).
 */
const MOST: readonly (readonly [Way, number])[] = [
  ['form, live check', 8],
  ['form, no live check', 0],
  ['form, a file, no live check', 0],
  ['standard input, live check', 8],
  ['standard input, no live check', 0],
];

describe.skipIf(!canReadMemory)('the memory of a process that has rotated (needs /proc of Linux)', () => {
  it.each(MOST)(
    '%s: holds at most %d copies of the token when nothing is left but to end',
    async (way, most) => {
      const { whole, parts } = await measureResidue(way);
      expect(whole).toBeLessThanOrEqual(most);
      expect(parts).toBeLessThanOrEqual(most);
    },
  );

  it('is searched as a whole: a token and a part of one, each in a buffer of its own, are both found', async () => {
    const node = spawn(process.execPath, ['-e', HOLDER], { stdio: ['pipe', 'pipe', 'ignore'] });
    node.stdin.write(`${TOKEN} ${TOKEN.slice(5, 17)}`);
    await new Promise((resolve) => node.stdout.once('data', resolve));
    const { whole, parts } = countCopies(node.pid ?? 0, TOKEN);
    node.kill('SIGKILL');
    expect(whole).toBeGreaterThanOrEqual(1);
    expect(parts).toBeGreaterThanOrEqual(1);
  });
});
