import { isBlockedPort } from '../domain/blocked-port.ts';
import { AppError } from '../domain/error.ts';
import type { Given } from './command.ts';
import { textOption } from './command.ts';

/** Ports of the form, as said on the command line. */
export interface Ports {
  readonly port: number | undefined;
  readonly publicPort: number | undefined;
}

/** @throws AppError invalid_input when one is no port, or none that a browser goes to */
export function readPorts(given: Given): Ports {
  return { port: readPort(given, 'port'), publicPort: readPort(given, 'publicPort') };
}

function readPort(given: Given, name: 'port' | 'publicPort'): number | undefined {
  const text = textOption(given, name);
  if (text === undefined) return undefined;
  const option = name === 'port' ? '--port' : '--public-port';
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new AppError('invalid_input', `${option} is no port number`, {
      hints: ['a number from 0 to 65535; 0 takes any free one'],
    });
  if (isBlockedPort(port)) throw unopenable('invalid_input', `${option} ${port}`);
  return port;
}

/**
 * The ports that the form will have: those of the command line before those of the configuration, whose public port belongs to its own
 * port alone.
 *
 * @throws AppError invalid_config when the configuration names one that no browser goes to
 */
export function choosePorts(
  asked: Ports,
  configured: { readonly port: number; readonly publicPort: number | undefined },
): { readonly port: number; readonly publicPort: number | undefined } {
  const port = asked.port ?? configured.port;
  const publicPort = asked.publicPort ?? (asked.port === undefined ? configured.publicPort : undefined);
  // Behind another public port, no browser sees this one.
  if (isBlockedPort(port) && !publicPort) throw unopenable('invalid_config', `form.port ${port}`);
  if (publicPort && isBlockedPort(publicPort))
    throw unopenable('invalid_config', `form.public-port ${publicPort}`);
  return { port, publicPort: publicPort === 0 ? undefined : publicPort };
}

function unopenable(code: 'invalid_input' | 'invalid_config', what: string): AppError {
  return new AppError(code, `${what} is a port that browsers refuse to go to`, {
    hints: ['choose another one, such as 8765 (the list: https://fetch.spec.whatwg.org/#port-blocking)'],
  });
}
