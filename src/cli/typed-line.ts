import { AppError } from '../domain/error.ts';
import { MAX_SECRET_BYTES } from '../kinds/format.ts';

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const CTRL_H = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const CTRL_U = 0x15;
const ESC = 0x1b;
const SPACE = 0x20;
const BACKSPACE = 0x7f;

/** Around what is pasted, where a terminal was asked to mark it (xterm, "Bracketed Paste Mode"). */
const PASTE_BEGINS = '\x1b[200~';
const PASTE_ENDS = '\x1b[201~';

/** `line`: Enter, or the line end of a paste · `cancelled`: Ctrl-C · or why it is refused. */
type LineEnd = 'line' | 'cancelled' | AppError;

/**
 * One line as a person types or pastes it, byte by byte from a terminal in raw mode. Nothing is cut off: what a paste holds behind the
 * line, and keys that are no text, refuse the whole.
 */
export class TypedLine {
  readonly #bytes = Buffer.alloc(MAX_SECRET_BYTES);
  #length = 0;
  #end: LineEnd | undefined;
  /** What has come of a sequence that began with ESC. */
  #sequence = '';
  #pasting = false;
  #isOver = false;

  /** How it ended; undefined: it has not. More may still come in the same paste, and change it. */
  get end(): LineEnd | undefined {
    return this.#end;
  }

  /** A paste has begun, and the terminal has not said yet that it is through. */
  get pasting(): boolean {
    return this.#pasting;
  }

  /** It has ended, and the terminal said that its paste is through. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes what the terminal sent, and overwrites `chunk`. */
  feed(chunk: Uint8Array): void {
    for (const byte of chunk) this.#take(byte);
    chunk.fill(0);
  }

  cancel(): void {
    this.#end = 'cancelled';
  }

  /** What was typed, in a buffer that is wiped by `wipe`. */
  text(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  #take(byte: number): void {
    if (byte === ESC || this.#sequence !== '') this.#takeSequence(byte);
    else if (this.#end !== undefined) this.#takeBehind(byte);
    else if (byte === CTRL_C) this.cancel();
    else if (byte === LF || byte === CR) this.#takeLineEnd();
    else if (this.#pasting) this.#takeText(byte);
    else this.#takeKey(byte);
  }

  #takeKey(byte: number): void {
    if (byte === CTRL_D) this.#end = 'line';
    else if (byte === BACKSPACE || byte === CTRL_H) this.#rubOut();
    else if (byte === CTRL_U) this.#length = 0;
    else this.#takeText(byte);
  }

  #takeText(byte: number): void {
    if ((byte < SPACE && byte !== TAB) || byte === BACKSPACE) this.#end = noText();
    else if (this.#length === this.#bytes.length) this.#end = tooLarge();
    else this.#bytes[this.#length++] = byte;
  }

  #takeLineEnd(): void {
    // Line ends in front of what was copied are none of its own.
    if (!this.#pasting || this.#length > 0) this.#end = 'line';
  }

  /** Behind the end: the rest of the same paste, or of one whose terminal does not mark it. */
  #takeBehind(byte: number): void {
    if (byte === CTRL_C) this.cancel();
    else if (this.#end === 'line' && byte > SPACE && byte !== BACKSPACE) this.#end = moreLines();
  }

  #takeSequence(byte: number): void {
    this.#sequence += String.fromCharCode(byte);
    if (this.#sequence === PASTE_BEGINS) {
      this.#sequence = '';
      this.#pasting = true;
    } else if (this.#sequence === PASTE_ENDS) {
      this.#sequence = '';
      this.#pasting = false;
      this.#isOver = this.#end !== undefined;
    } else if (![PASTE_BEGINS, PASTE_ENDS].some((known) => known.startsWith(this.#sequence))) {
      // Another ESC may be the beginning of the one that is waited for.
      this.#sequence = byte === ESC ? '\x1b' : '';
      if (byte === CTRL_C) this.cancel();
      else if (this.#end === undefined || this.#end === 'line') this.#end = noText();
    }
  }

  /** Takes one character back, which may be several bytes of UTF-8. */
  #rubOut(): void {
    while (this.#length > 0) {
      this.#length--;
      if (((this.#bytes[this.#length] ?? 0) & 0xc0) !== 0x80) return;
    }
  }
}

const WHOLE_FILE = 'of several lines, such as a key or a certificate: --stdin < FILE';

export function tooLarge(): AppError {
  return new AppError(
    'invalid_input',
    `what came on standard input is larger than GitHub stores as a secret (48 KB, which is ${MAX_SECRET_BYTES} bytes); nothing was stored`,
    { hints: ['send the token alone, and of a certificate only what the release needs'] },
  );
}

function moreLines(): AppError {
  return new AppError('invalid_input', 'more than one line was pasted; nothing was stored', {
    hints: ['paste the token alone', WHOLE_FILE],
  });
}

function noText(): AppError {
  return new AppError(
    'invalid_input',
    'a key that is no text came with the token, such as an arrow, Esc or Ctrl-W; nothing was stored',
    {
      hints: [
        'paste it again: Backspace takes one character back, Ctrl-U all of it, Ctrl-C stops',
        WHOLE_FILE,
      ],
    },
  );
}
