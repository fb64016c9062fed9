import type { IncomingMessage } from 'node:http';
import { scrubParser } from './scrub.ts';
import { ownBytes } from './sent.ts';

/**
 * Reads exactly `length` bytes into one buffer of their own (no shared pool), and overwrites the chunks they came in.
 *
 * @returns undefined when the sender went away before the end
 */
export function readBody(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  const body = ownBytes(length);
  let filled = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      filled += chunk.copy(body, filled);
      chunk.fill(0);
    });
    request.on('end', () => {
      void scrubParser(request).then(() => resolve(filled === length ? body : undefined));
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      if (request.complete) return;
      body.fill(0);
      resolve(undefined);
    });
  });
}

/** Reads a body to its end and overwrites it. @returns false when the sender went away before */
export function discardBody(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => void chunk.fill(0));
    request.on('end', () => void scrubParser(request).then(() => resolve(true)));
    request.on('error', () => undefined);
    request.on('close', () => resolve(request.complete));
  });
}
