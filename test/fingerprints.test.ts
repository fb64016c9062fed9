import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareFingerprints, fingerprintKeyPath, openFingerprints } from '../src/fingerprints.ts';
import { SEED } from './support/builders.ts';
import { makeFolder } from './support/database.ts';
import { secretOf, TOKEN } from './support/stand-ins.ts';

const world = { randomBytes };
const OTHER = 'cioZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ';

function open(dataDir: string = makeFolder()) {
  return openFingerprints({ dataDir }, world);
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('Fingerprints', () => {
  it('are alike of the same token, also of another process, and differ of another', () => {
    const dataDir = makeFolder();
    const [first, second] = [open(dataDir), open(dataDir)];
    const known = first.of(secretOf(TOKEN));
    expect(second.of(secretOf(TOKEN))).toBe(known);
    expect(second.compare(second.of(secretOf(TOKEN)), known)).toBe('same');
    expect(second.compare(second.of(secretOf(OTHER)), known)).toBe('different');
    expect(second.isComparable(known)).toBe(true);
  });

  it('name their key and 64 bits, and nothing of the token', () => {
    const known = open().of(secretOf(TOKEN));
    expect(known).toMatch(/^[0-9a-f]{8}\.[0-9a-f]{16}$/);
    expect(known).not.toContain(Buffer.from(TOKEN).toString('hex').slice(0, 8));
  });

  it('differ with a single byte of the token', () => {
    const fingerprints = open();
    const ofBytes = (bytes: Uint8Array) => fingerprints.of(secretOf(Buffer.from(bytes).toString('latin1')));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
        const changed = Uint8Array.from(bytes);
        const index = at % bytes.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        expect(ofBytes(bytes)).not.toBe(ofBytes(changed));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('of different keys are unknown, never different: the key may be lost', () => {
    const [mine, theirs] = [open(), open()];
    const known = theirs.of(secretOf(TOKEN));
    expect(mine.compare(mine.of(secretOf(TOKEN)), known)).toBe('unknown');
    expect(mine.isComparable(known)).toBe(false);
  });

  it.each([
    [undefined, undefined],
    [undefined, 'aaaaaaaa.bbbbbbbbbbbbbbbb'],
    ['', ''],
    ['aaaaaaaa', 'aaaaaaaa'],
    ['aaaaaaaa.', 'aaaaaaaa.'],
    ['aaaaaaaa.bb', 'aaaaaaaa.bbbb'],
    ['aaaaaaaa.bbbb', 'aaaaaaaa.bbüb'],
  ])('are unknown where one is none: %s and %s', (a, b) => {
    expect(compareFingerprints(a, b)).toBe('unknown');
    expect(open().isComparable(a)).toBe(false);
  });
});

describe('the key of the fingerprints', () => {
  it('is made at first use, of 32 bytes, for this user alone, and kept', () => {
    const dataDir = makeFolder();
    const path = fingerprintKeyPath({ dataDir });
    open(dataDir);
    const key = readFileSync(path);
    open(dataDir);
    expect([key.length, modeOf(path), readFileSync(path).equals(key)]).toEqual([32, 0o600, true]);
    expect(readdirSync(dataDir)).toEqual(['fingerprint.key']);
  });

  it('is one key where two processes make it at once', async () => {
    const dataDir = makeFolder();
    const module = join(import.meta.dirname, '../src/fingerprints.ts');
    const code = `
      import { openFingerprints } from ${JSON.stringify(module)};
      import { Secret } from ${JSON.stringify(join(import.meta.dirname, '../src/domain/secret.ts'))};
      import { randomBytes } from 'node:crypto';
      process.stdout.write('ready\\n');
      process.stdin.once('data', () => {
        const token = new Secret(new TextEncoder().encode('token'));
        console.log(openFingerprints({ dataDir: ${JSON.stringify(dataDir)} }, { randomBytes }).of(token));
        process.exit();
      });`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
      const told = new Promise<string>((resolve) => child.once('close', () => resolve(said)));
      return { ready, told, go: () => void child.stdin.write('go\n') };
    });
    await Promise.all(children.map(({ ready }) => ready));
    for (const { go } of children) go();
    const said = await Promise.all(children.map(({ told }) => told));
    expect(said[0]).toMatch(/^ready\n[0-9a-f]{8}\.[0-9a-f]{16}\n$/);
    expect(new Set(said).size).toBe(1);
    expect(readdirSync(dataDir)).toEqual(['fingerprint.key']);
  });

  it.each([
    ['is too short', 31, 'has 31 bytes, not 32'],
    ['is too long', 33, 'has 33 bytes, not 32'],
    ['is empty', 0, 'has 0 bytes, not 32'],
  ])('is refused, and kept, where it %s: another would forget every token', (_, size, why) => {
    const dataDir = makeFolder();
    const path = fingerprintKeyPath({ dataDir });
    writeFileSync(path, randomBytes(size), { mode: 0o600 });
    expect(() => open(dataDir)).toThrow(
      expect.objectContaining({
        code: 'storage',
        message: expect.stringContaining(why),
        hints: ['restore it, or move it away: a new one is made'],
      }),
    );
    expect(readFileSync(path)).toHaveLength(size);
  });

  it.each([0o640, 0o604, 0o644, 0o666])('is refused with the mode %o, saying how to mend it', (mode) => {
    const dataDir = makeFolder();
    const path = fingerprintKeyPath({ dataDir });
    open(dataDir);
    chmodSync(path, mode);
    expect(() => open(dataDir)).toThrow(
      expect.objectContaining({ code: 'storage', hints: [`chmod 600 ${path}`] }),
    );
    chmodSync(path, 0o600);
    expect(() => open(dataDir)).not.toThrow();
  });

  it('cannot be made where there is no folder, and says so', () => {
    const dataDir = makeFolder();
    expect(() => openFingerprints({ dataDir: join(dataDir, 'nowhere') }, world)).toThrow(
      expect.objectContaining({
        code: 'storage',
        message: expect.stringContaining('cannot be made (ENOENT)'),
      }),
    );
    expect(existsSync(join(dataDir, 'nowhere'))).toBe(false);
  });

  it('is made anew once it was moved away, under another name, so that nothing is recognised wrongly', () => {
    const dataDir = makeFolder();
    const before = open(dataDir).of(secretOf(TOKEN));
    rmSync(fingerprintKeyPath({ dataDir }));
    const fingerprints = open(dataDir);
    expect(fingerprints.compare(fingerprints.of(secretOf(TOKEN)), before)).toBe('unknown');
  });
});
