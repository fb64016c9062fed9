const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One keypress may come twice: from the terminal, and from a `timeout --foreground` or npm that passes its own on. */
const ECHO_MS = 500;

export interface Stopping {
  /** The first signal that came. A closed terminal counts as SIGTERM, and so does Ctrl-\ (main.ts). */
  signal(): NodeJS.Signals | undefined;
  off(): void;
}

interface Stoppable {
  /** Asks for the end. */
  readonly stop: () => void;
  /** Whether the first write is on its way, so that the end of it is waited for. */
  readonly isBegun: () => boolean;
  readonly say: (text: string) => void;
}

/** What of Node's process is used. */
interface Process {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/**
 * Hands the first signal to `stop`. Once the token is on its way to GitHub it also says that the end of it is waited for; a later
 * signal ends the process at once, after what is known.
 *
 * @param clock milliseconds of a clock that never goes back
 */
export function onStopSignal(
  { stop, isBegun, say }: Stoppable,
  process: Process,
  clock: () => number,
): Stopping {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const on = (name: NodeJS.Signals) => {
    const signal = name === 'SIGINT' ? name : 'SIGTERM';
    if (first) {
      if (clock() - first.at < ECHO_MS) return;
      if (isBegun()) say('stopped at once. GitHub may hold the new token: look at `reseal status`');
      process.exit(signal === 'SIGTERM' ? 143 : 130);
      return;
    }
    first = { signal, at: clock() };
    if (isBegun())
      say(
        'the write has begun and goes on to its end, which is what says what GitHub holds: waiting for the end of it (once more to stop at once)',
      );
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, on);
  return {
    signal: () => first?.signal,
    off: () => {
      for (const signal of SIGNALS) process.off(signal, on);
    },
  };
}
