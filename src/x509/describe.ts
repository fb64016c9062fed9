import type { X509Certificate } from 'node:crypto';
import { formatInstant } from '../domain/calendar.ts';
import type { Said } from '../kinds/kind.ts';
import type { Identity } from './identities.ts';

const LONGEST = 300;
const LONGEST_SERIAL = 40;

/** Extended key usages (RFC 5280 §4.2.1.12) that are common; others stand as their numbers. */
const USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'TLS servers',
  '1.3.6.1.5.5.7.3.2': 'TLS clients',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail',
  '1.3.6.1.5.5.7.3.8': 'time stamps',
};
const TLS = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];

/** What a certificate says of itself, all of it public. */
export function describe({ certificate, hasKey }: Identity): readonly Said[] {
  const { keyUsage } = certificate;
  const usage = keyUsage?.map((one) => USAGES[one] ?? one).join(', ');
  return [
    { label: 'Subject', text: nameOf(certificate) },
    { label: 'Issuer', text: oneLine(certificate.issuer) },
    { label: 'Serial number', text: clip(certificate.serialNumber, LONGEST_SERIAL) },
    { label: 'Valid from', text: formatInstant(certificate.validFromDate) },
    { label: 'SHA-256 fingerprint', text: certificate.fingerprint256 },
    { label: 'Private key', text: hasKey ? 'with it' : 'not with it' },
    ...(usage ? [{ label: 'For', text: clip(usage, LONGEST) }] : []),
  ];
}

/** Its subject on one line, the common name in front. */
export function nameOf(certificate: X509Certificate): string {
  return oneLine(certificate.subject);
}

/** Whether it says that it is for TLS and for nothing else. */
export function isForTlsAlone({ keyUsage }: X509Certificate): boolean {
  return keyUsage !== undefined && keyUsage.length > 0 && keyUsage.every((one) => TLS.includes(one));
}

/** Node writes a name as lines, the general part first. An issuer may leave it empty. */
function oneLine(name: string | undefined): string {
  const parts = (name ?? '').split('\n').filter((part) => part !== '');
  const common = parts.filter((part) => part.startsWith('CN='));
  const others = parts.filter((part) => !part.startsWith('CN='));
  return clip([...common.map((part) => part.slice(3)), ...others].join(', ') || '(empty)', LONGEST);
}

/** Whoever wrote it may have put anything there, such as what turns a line of text around. */
function clip(text: string, longest: number): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
