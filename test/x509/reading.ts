import { expect } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import type { Reading } from '../../src/kinds/kind.ts';
import { openCertificateReader } from '../../src/x509/read-certificate.ts';

export const NOW = new Date('2026-11-23T09:30:00Z');
const reader = openCertificateReader(() => NOW);

/** Reads a file, and sees to it that nothing which is said repeats the password or a line of a key in PEM. */
export async function readFile(file: Uint8Array, password?: string): Promise<Reading> {
  const secret = password === undefined ? undefined : new Secret(new TextEncoder().encode(password));
  const reading = await reader.read(new Secret(Uint8Array.from(file)), secret);
  const said = JSON.stringify(reading);
  for (const line of secretLines(file)) expect(said).not.toContain(line);
  if (password) expect(said).not.toContain(password);
  return reading;
}

function secretLines(file: Uint8Array): readonly string[] {
  const keys = Buffer.from(file)
    .toString('latin1')
    .matchAll(/PRIVATE KEY-----\r?\n([^-]*)-----END/g);
  return [...keys].flatMap(([, body = '']) => body.split(/\r?\n/).filter((line) => line !== ''));
}

/** What is wrong with it, as one text. */
export async function problemsOf(file: Uint8Array, password?: string): Promise<string> {
  return (await readFile(file, password)).problems.join('\n');
}

/** What it says under this label. */
export function said({ says }: Reading, label: string): string | undefined {
  return says.find((one) => one.label === label)?.text;
}
