import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { parseServerUrl } from '../../src/mail/server-url.ts';

const FILE = '/run/secrets/smtp-url';

function problemOf(text: string): string {
  try {
    parseServerUrl(text, FILE);
  } catch (error) {
    if (isAppError(error, 'invalid_config'))
      return `${error.message}\n${error.hints.join('\n')}\n${error.cause}`;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseServerUrl', () => {
  describe('when the address is good', () => {
    const none = { user: undefined, password: undefined };
    const tls = { implicitTls: true, requireTls: false };
    const startTls = { implicitTls: false, requireTls: true };
    const plain = { implicitTls: false, requireTls: false };
    it.each([
      ['smtps://mail.example.org', { host: 'mail.example.org', port: 465, ...tls, ...none }],
      ['smtp://mail.example.org', { host: 'mail.example.org', port: 587, ...startTls, ...none }],
      ['smtp://mail.example.org/', { host: 'mail.example.org', port: 587, ...startTls, ...none }],
      ['smtp://mail.example.org:25', { host: 'mail.example.org', port: 25, ...startTls, ...none }],
      ['smtps://mail.example.org:2465', { host: 'mail.example.org', port: 2465, ...tls, ...none }],
      ['smtp://localhost:1025', { host: 'localhost', port: 1025, ...plain, ...none }],
      ['smtp://127.0.0.1:1025', { host: '127.0.0.1', port: 1025, ...plain, ...none }],
      ['smtp://127.8.9.10', { host: '127.8.9.10', port: 587, ...plain, ...none }],
      ['smtp://[::1]:1025', { host: '::1', port: 1025, ...plain, ...none }],
      ['smtps://localhost', { host: 'localhost', port: 465, ...tls, ...none }],
    ])('reads %s', (text, server) => {
      expect(parseServerUrl(text, FILE)).toEqual(server);
    });

    it('decodes user and password', () => {
      const { user, password } = parseServerUrl(
        'smtps://re%40seal:p%3A%2F%25%20w%C3%A9@mail.example.org',
        FILE,
      );
      expect([user, password]).toEqual(['re@seal', 'p:/% wé']);
    });
  });

  describe('when the host only looks like this machine', () => {
    it.each([
      'smtp://localhost.example.org',
      'smtp://localhost.',
      'smtp://127.0.0.1.example.org',
      'smtp://127.999.0.1',
      'smtp://127.1',
      'smtp://0.0.0.0',
      'smtp://[::ffff:127.0.0.1]',
      'smtp://127.0.0.1@mail.example.org'.replace('127.0.0.1@', '127.0.0.1:x@'),
    ])('demands TLS of %s', (text) => {
      expect(parseServerUrl(text, FILE).requireTls).toBe(true);
    });
  });

  describe('when the address is wrong', () => {
    const good = 's3cr3t-user:pa55-w0rd@mail.example.org';
    it.each([
      ['nothing', '', 'is not a URL'],
      ['no URL', good, 'starts with neither'],
      ['another scheme', `https://${good}`, 'starts with neither smtps:// nor smtp://'],
      ['no host', 'smtps://', 'names no host'],
      ['a path', `smtps://${good}/inbox`, 'has something after the host'],
      ['a query', `smtps://${good}?tls=no`, 'has something after the host'],
      ['a fragment', `smtps://${good}#x`, 'has something after the host'],
      ['a port that is none', `smtps://${good}:smtp`, 'is not a URL'],
      ['a slash in the password', 'smtps://s3cr3t-user:pa55/w0rd@mail.example.org', 'is not a URL'],
      ['a broken percent sign', 'smtps://s3cr3t-user:pa55%w0rd@mail.example.org', 'is not percent-encoded'],
      ['a user alone', 'smtps://s3cr3t-user@mail.example.org', 'has a user without a password'],
      ['a password alone', 'smtps://:pa55-w0rd@mail.example.org', 'a password without a user'],
    ])('refuses %s, and names the file and nothing of the text', (_, text, problem) => {
      const told = problemOf(text);
      expect(told).toContain(`"${FILE}" `);
      expect(told).toContain(problem);
      expect(told).not.toMatch(/s3cr3t|pa55|w0rd/);
    });
  });
});
