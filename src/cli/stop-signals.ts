const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Stopping {
  /** The first signal that came. A closed terminal counts as SIGTERM. */
  signal(): NodeJS.Signals | undefined;
  off(): void;
}

/**
 * Hands the first signal to `stop`; while the token is on its way, it also says that the end of it is waited for, and
 * a second one ends the process at once.
 */
export function onStopSignal(
  storing: () => boolean,
  stop: () => void,
  say: (text: string) => void,
): Stopping {
  let received: NodeJS.Signals | undefined;
  const on = (name: NodeJS.Signals) => {
    const signal = name === 'SIGHUP' ? 'SIGTERM' : name;
    if (storing()) {
      if (received !== undefined) process.exit(signal === 'SIGTERM' ? 143 : 130);
      say('the token is being stored: waiting for the end of it (once more to stop at once)');
    }
    received = signal;
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, on);
  return {
    signal: () => received,
    off: () => {
      for (const signal of SIGNALS) process.off(signal, on);
    },
  };
}
