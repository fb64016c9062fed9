import { describe, expect, it } from 'vitest';
import { TypedLine } from '../../src/cli/typed-line.ts';

const LIMIT = 49_152;
const TOKEN = 'cioAbc123';
const pasted = (text: string) => `\x1b[200~${text}\x1b[201~`;

/** Types it in pieces, as a terminal may send it. */
function typed(...pieces: readonly string[]): TypedLine {
  const line = new TypedLine();
  for (const piece of pieces) line.feed(Buffer.from(piece));
  return line;
}

describe('TypedLine', () => {
  it.each([
    ['typed', [`${TOKEN}\r`]],
    ['ended by Ctrl-D', [`${TOKEN}\x04`]],
    ['pasted with its line end', [`${TOKEN}\n`]],
    ['pasted between marks, then Enter', [pasted(TOKEN), '\r']],
    ['pasted between marks with its line end', [pasted(`${TOKEN}\r`)]],
    ['pasted with line ends around it', [pasted(`\r\n${TOKEN}\r\n\r\n`)]],
    ['marks that come byte by byte', [...pasted(TOKEN), '\r']],
    ['blanks behind it', [`${TOKEN}\r`, ' \t\n']],
  ])('ends with the line when it is %s', (_, pieces) => {
    const line = typed(...pieces);
    expect([line.end, line.text().toString()]).toEqual(['line', TOKEN]);
  });

  it.each([
    ['a character', `${TOKEN}x\x7f\r`],
    ['a character of several bytes', `${TOKEN}é€\x7f\b\r`],
    ['everything', `wrong\x15${TOKEN}\r`],
    ['more than there is', `x\x7f\x7f\x7f${TOKEN}\r`],
  ])('takes %s back', (_, keys) => {
    const line = typed(keys);
    expect([line.end, line.text().toString()]).toEqual(['line', TOKEN]);
  });

  it.each([
    ['in the same read', [`${TOKEN}\rsecond\r`]],
    ['in a later read', [`${TOKEN}\r`, 'second\r']],
    ['between marks', [pasted(`${TOKEN}\rsecond`)]],
    ['between marks, in a later read', [`\x1b[200~${TOKEN}\r`, 'second\r\x1b[201~']],
  ])('refuses a paste of several lines, and never takes the first (%s)', (_, pieces) => {
    expect(typed(...pieces).end).toMatchObject({ message: expect.stringContaining('more than one line') });
  });

  it.each([
    ['an arrow', '\x1b[D'],
    ['Esc', '\x1b'],
    ['Ctrl-W', '\x17'],
    ['Ctrl-Z', '\x1a'],
    ['Ctrl-\\', '\x1c'],
    ['a NUL', '\0'],
    ['a rub-out within a paste', pasted('a\x7fb')],
    ['Ctrl-U within a paste', pasted('a\x15b')],
    ['Ctrl-D within a paste', pasted('a\x04b')],
  ])('refuses %s', (_, keys) => {
    expect(typed(`${keys}${TOKEN}\r`).end).toMatchObject({ message: expect.stringContaining('no text') });
  });

  it.each([
    ['before anything', '\x03'],
    ['behind half a token', 'cioHalf\x03'],
    ['within a paste', '\x1b[200~cioHalf\x03'],
    ['behind Esc', '\x1b\x03'],
    ['behind the line', `${TOKEN}\r\x03`],
  ])('is cancelled by Ctrl-C %s', (_, keys) => {
    expect(typed(keys).end).toBe('cancelled');
  });

  it('stays cancelled or refused, whatever the rest of the paste holds', () => {
    expect(typed('\x1b[200~ab\x03cd\rmore\r').end).toBe('cancelled');
    expect(typed('\x1b[200~ab\x17cd\rmore\r').end).toMatchObject({ code: 'invalid_input' });
  });

  it('knows when a marked paste is through, and when more is sure to come', () => {
    const line = typed(`\x1b[200~${TOKEN}\rsecond`);
    expect([line.pasting, line.isOver]).toEqual([true, false]);
    line.feed(Buffer.from('\rthird\r\x1b[201~'));
    expect([line.pasting, line.isOver]).toEqual([false, true]);
  });

  it('finds the end of a paste behind a key that broke it off', () => {
    expect(typed('\x1b[200~a\x1b\x1b[201~').isOver).toBe(true);
  });

  it('takes what GitHub stores, and refuses one byte more without cutting it off', () => {
    expect(typed('a'.repeat(LIMIT), '\r').end).toBe('line');
    expect(typed('a'.repeat(LIMIT + 1), '\r').end).toMatchObject({
      message: expect.stringContaining('larger than GitHub stores'),
    });
  });

  it('overwrites what it was given, and itself when it is told to', () => {
    const chunk = Buffer.from(`${TOKEN}\rsecond`);
    const line = new TypedLine();
    line.feed(chunk);
    line.wipe();
    expect([...chunk, ...line.text()].every((byte) => byte === 0)).toBe(true);
  });
});
