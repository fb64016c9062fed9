import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { generic } from '../../src/kinds/generic.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { DESTINATION } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import { secretOf } from '../support/stand-ins.ts';

const FILE: Kind = { ...generic, shape: 'file', checkFormat: () => [] };

function binary(length: number): Buffer {
  return Buffer.concat([Uint8Array.from([0x30, 0x82]), randomBytes(length - 2)]);
}

function open(kind: Kind, encoding?: 'base64', destinations = [DESTINATION]): Promise<Scene> {
  const declaration = { kind: kind.id, ...(encoding ? { encoding } : {}), destinations };
  return openScene({ declaration, rotation: { kind, issuer: undefined } });
}

function opened({ github }: Scene): Buffer {
  const { repo, environment, secret } = DESTINATION;
  return Buffer.from(github.secret(repo, environment, secret)?.opened ?? new Uint8Array());
}

describe('submit of what is stored base64-encoded', () => {
  it('seals a file that is no text so, says it, and what is decoded is byte for byte what was given', async () => {
    const scene = await open(FILE);
    const bytes = binary(2_000);
    const token = new Secret(Uint8Array.from(bytes));
    const result = await scene.finish({ token });
    expect(result.says).toEqual([
      { label: 'Stored', text: 'base64-encoded: the workflow decodes it with `base64 -d`' },
    ]);
    expect(opened(scene).toString()).toBe(bytes.toString('base64'));
    expect(token.reveal().every((byte) => byte === 0)).toBe(true);
  });

  it('seals a file that is text as it is', async () => {
    const scene = await open(FILE);
    const text = '-----BEGIN CERTIFICATE-----\r\nMA==\r\n-----END CERTIFICATE-----\r\n';
    expect(await scene.finish({ token: secretOf(text) })).not.toHaveProperty('says');
    expect(scene.stored()).toBe(text);
  });

  it('says of a certificate in text that it was stored as it is', async () => {
    const scene = await open({ ...FILE, reader: 'certificate' });
    const { says } = await scene.finish({ token: secretOf('-----BEGIN CERTIFICATE-----') });
    expect(says).toEqual([{ label: 'Stored', text: 'as text (PEM)' }]);
  });

  it('seals anything so where that is declared, and knows it again by the bytes that were given', async () => {
    const scene = await open(generic, 'base64');
    await scene.finish({ token: secretOf('one line\n') });
    expect(scene.stored()).toBe(Buffer.from('one line\n').toString('base64'));
    const [row] = rowsOf(scene.stores.db, 'version');
    const { fingerprints } = scene.rotation;
    const own = fingerprints.of(secretOf('one line\n'));
    expect(fingerprints.compare(String(row?.['fingerprint']), own)).toBe('same');
  });

  it('refuses what is too large once it is encoded, with the numbers, and stores nothing', async () => {
    const scene = await open(FILE);
    const outcome = await scene.submit({ token: new Secret(binary(36_865)) });
    expect(outcome).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringMatching(/36865 bytes are 49156 .* GitHub stores 49152/)],
    });
    expect(scene.stored()).toBe('the old one');
    expect(await scene.finish({ token: new Secret(binary(36_864)) })).toMatchObject({ outcome: 'recorded' });
    expect(opened(scene)).toHaveLength(49_152);
  });

  it('refuses bytes that are no text of a kind that is not known, unless it is declared', async () => {
    const scene = await open(generic);
    expect(await scene.submit({ token: new Secret(binary(200)) })).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringContaining('`encoding: base64`')],
    });
    expect(scene.stored()).toBe('the old one');
  });
});
