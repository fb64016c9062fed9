import { isIPv4 } from 'node:net';
import { AppError } from '../domain/error.ts';

/** A mail server as written in the file that `mail.url-file` names. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS is demanded, except on loopback. */
  readonly implicitTls: boolean;
  readonly requireTls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * Reads `smtps://user:password@mail.example.org` or `smtp://…` (RFC 8314: implicit TLS on 465, else STARTTLS on 587).
 * User and password are percent-encoded. No message holds any of the text: it has a password in it.
 *
 * @throws AppError invalid_config
 */
export function parseServerUrl(text: string, file: string): MailServer {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong(file, 'is not a URL');
  }
  if (url.protocol !== 'smtps:' && url.protocol !== 'smtp:')
    throw wrong(file, 'starts with neither smtps:// nor smtp://');
  if (url.hostname === '') throw wrong(file, 'names no host');
  if ((url.pathname !== '' && url.pathname !== '/') || url.search || url.hash)
    throw wrong(file, 'has something after the host');
  if ((url.username === '') !== (url.password === ''))
    throw wrong(file, 'has a user without a password, or a password without a user');
  const implicitTls = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? (implicitTls ? 465 : 587) : Number(url.port),
    implicitTls,
    requireTls: !implicitTls && !isLoopback(host),
    user: decoded(url.username, file),
    password: decoded(url.password, file),
  };
}

function decoded(part: string, file: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong(file, 'has a user or password that is not percent-encoded');
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function wrong(file: string, what: string): AppError {
  return new AppError('invalid_config', `the mail server's address in "${file}" ${what}`, {
    hints: [
      'write smtps://user:password@mail.example.org on one line, with % signs and special characters percent-encoded',
    ],
  });
}
