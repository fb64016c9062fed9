import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Kind } from '../../src/kinds/kind.ts';
import type { Certificate } from './certificates.ts';
import { makeCertificate } from './certificates.ts';
import type { Installed } from './installed.ts';
import { PLACE } from './installed.ts';
import { nugetV5Value } from './tokens.ts';
import { validValue } from './values.ts';

const DAY_MS = 86_400_000;

/** One value on its way through the built program to where it belongs. */
export interface Walk {
  /** Name of the credential that is declared for it alone. */
  readonly credential: string;
  readonly kind: string;
  readonly way: 'form' | '--stdin';
  readonly value: Buffer;
  readonly password?: string;
  /** As it is to be found in the box that GitHub opens; undefined: it has no destination, and its expiry is all that is kept. */
  readonly stored: Buffer | undefined;
  /** `expirySource` in `status`. */
  readonly source: 'read' | 'observed' | 'entered';
  /** `expiresAt` in `status`, where it is not the one of `EXPIRES`. */
  readonly expiresAt?: string | null;
  /** A part of the value by which it is searched for: at least twelve bytes that nothing else has. */
  readonly canary: string;
}

/** The date that a person enters: within every cap. */
export const EXPIRES = new Date(Date.now() + 25 * DAY_MS).toISOString().slice(0, 10);

/** Both ways for each kind, and each form of a certificate. */
export function walksOf(kinds: readonly Kind[]): readonly Walk[] {
  return kinds.flatMap((kind) =>
    kind.id === 'certificate' ? certificates() : [...plain(kind), ...special(kind.id)],
  );
}

function plain({ id: kind, expiry }: Kind): readonly Walk[] {
  const { known } = expiry;
  const source = known === 'read' || known === 'observed' ? known : 'entered';
  return (['form', '--stdin'] as const).map((way) => {
    const value = validValue(kind);
    return { ...named(kind, way), value, stored: value, source, canary: canaryOf(value) };
  });
}

/** What the kinds can besides. */
function special(kind: string): readonly Walk[] {
  if (kind === 'nuget-key') {
    const allocatedAt = new Date(Math.floor(Date.now() / 60_000) * 60_000);
    const lifetimeMinutes = 20 * 24 * 60;
    return (['form', '--stdin'] as const).map((way) => {
      const value = Buffer.from(nugetV5Value({ allocatedAt, lifetimeMinutes }));
      return { ...named(kind, way, 'v5'), value, stored: value, source: 'read', canary: canaryOf(value) };
    });
  }
  if (kind !== 'generic') return [];
  const lines = Buffer.from(largest());
  return (['form', '--stdin'] as const).map((way) => ({
    ...named(kind, way, 'largest'),
    value: lines,
    stored: lines,
    source: 'entered',
    canary: canaryOf(lines),
  }));
}

/** 48 KB of lines that end with blanks and line breaks of both kinds. */
function largest(): string {
  const lines =
    randomBytes(30_000)
      .toString('base64')
      .match(/.{1,62}/g) ?? [];
  return `${lines.join(' \r\n')}`.padEnd(49_150, ' ').slice(0, 49_150).concat('\n\n');
}

function certificates(): readonly Walk[] {
  return (['form', '--stdin'] as const).flatMap((way) => {
    const locked = aCertificate();
    const pem = aCertificate();
    const alone = aCertificate();
    const text = Buffer.concat([pem.keyPem, pem.certificatePem]);
    const common = { source: 'read' } as const;
    return [
      {
        ...common,
        ...named('certificate', way, 'p12'),
        value: locked.p12,
        password: locked.password,
        stored: Buffer.from(locked.p12.toString('base64')),
        expiresAt: instantOf(locked),
        canary: locked.p12.subarray(-220, -160).toString('latin1'),
      },
      {
        ...common,
        ...named('certificate', way, 'pem'),
        value: text,
        stored: text,
        expiresAt: instantOf(pem),
        canary: canaryOf(pem.keyPem),
      },
      {
        ...common,
        ...named('certificate', way, 'tracked'),
        value: alone.p12,
        password: alone.password,
        stored: undefined,
        expiresAt: instantOf(alone),
        canary: alone.p12.subarray(-220, -160).toString('latin1'),
      },
    ];
  });
}

function aCertificate(): Certificate {
  return makeCertificate({ password: `pass word ${randomBytes(12).toString('hex')}` });
}

function instantOf({ notAfter }: Certificate): string {
  return notAfter.toISOString().replace('.000Z', 'Z');
}

function named(kind: string, way: Walk['way'], form = ''): Pick<Walk, 'credential' | 'kind' | 'way'> {
  return { credential: [kind, form, way.replace('--', '')].filter((one) => one !== '').join('-'), kind, way };
}

/** Of a line its end, since tokens of one kind begin alike; of more the line in the middle. */
export function canaryOf(value: Buffer): string {
  const lines = value.toString('latin1').trim().split(/\s*\n/);
  return lines.length > 1 ? (lines[Math.floor(lines.length / 2)] ?? '') : (lines[0] ?? '').slice(-32);
}

/** Name of the secret that a credential goes to. */
export function secretOfWalk(credential: string): string {
  return `WALK_${credential.toUpperCase().replaceAll('-', '_')}`;
}

/** Declares all of them in place of what the installation has. */
export function declare(
  { installation }: Installed,
  walks: readonly Pick<Walk, 'credential' | 'kind' | 'stored'>[],
): void {
  const { configPath } = installation;
  const text = readFileSync(configPath, 'utf8');
  const [before = ''] = text.split('\ncredentials:\n');
  const entries = walks.map(({ credential, kind, stored }) => {
    const place = `{ repo: ${PLACE.repo}, environment: ${PLACE.environment}, secret: ${secretOfWalk(credential)} }`;
    const lines = [`  ${credential}:`, `    kind: ${kind}`, '    owner: joao'];
    return [...lines, ...(stored ? ['    destinations:', `      - ${place}`] : [])].join('\n');
  });
  writeFileSync(configPath, `${before}\ncredentials:\n${entries.join('\n')}\n`);
}
