import { AppError } from '../domain/error.ts';

/**
 * Reads an address that is called: https, or http on this machine. All of it but its host is a secret (whoever knows it may
 * post), so no message holds any other part of it.
 *
 * @param what names it, such as `the address of the webhook "chat"`
 * @throws AppError invalid_config
 */
export function parseAddress(text: string, what: string): URL {
  if (/\s/.test(text) || !URL.canParse(text)) throw wrong(what, 'is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw wrong(what, 'does not start with https://');
  if (url.username !== '' || url.password !== '') throw wrong(what, 'has a user or a password in it');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw wrong(what, 'is plain http, which only this machine may have');
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function wrong(what: string, problem: string): AppError {
  return new AppError('invalid_config', `${what} ${problem}`, {
    hints: ['write one line such as https://hooks.example.org/… into its file'],
  });
}
