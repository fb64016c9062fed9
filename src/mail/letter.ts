import { Readable } from 'node:stream';

/** What is to be handed over. Addresses are bare: they go into the envelope as they are. */
export interface Letter {
  readonly from: string;
  readonly recipient: string;
  readonly payload: Uint8Array;
  /** Called after the server's 354 and before the first byte; nothing leaves when it throws. */
  readonly onData: () => void;
}

/** How far the bytes got. `complete`: the final dot may be out. */
export type Phase = 'before' | 'begun' | 'complete';

export interface Body {
  readonly stream: Readable;
  readonly phase: () => Phase;
}

const CHUNK_BYTES = 16_384;

/**
 * The mail as a stream whose first read comes right after the server's 354. It is handed on in pieces: as long as the
 * connection has not taken nearly all of it, the final dot surely is not out.
 */
export function bodyOf({ payload, onData }: Letter): Body {
  let phase: Phase = 'before';
  let sent = 0;
  const stream = new Readable({
    read() {
      const first = phase === 'before';
      phase = 'begun';
      try {
        if (first) onData();
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      this.push(payload.subarray(sent, sent + CHUNK_BYTES));
      sent += CHUNK_BYTES;
      if (sent >= payload.length) this.push(null);
    },
  });
  stream.on('end', () => {
    phase = 'complete';
  });
  return { stream, phase: () => phase };
}
