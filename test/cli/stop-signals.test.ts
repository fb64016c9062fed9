import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onStopSignal } from '../../src/cli/stop-signals.ts';

/** A process that can be signalled, with a clock that is set. */
function rotating({ begun }: { readonly begun: boolean }) {
  const log: string[] = [];
  const node = Object.assign(new EventEmitter(), { exit: (code: number) => void log.push(`exit ${code}`) });
  let at = 0;
  const stopping = onStopSignal(
    {
      stop: () => void log.push('stop'),
      isBegun: () => begun,
      say: (text) => void log.push(text),
    },
    node,
    () => at,
  );
  return {
    log,
    stopping,
    signal: (name: NodeJS.Signals, ms: number) => {
      at = ms;
      node.emit(name, name);
    },
    listeners: () => node.eventNames().length,
  };
}

const WAITING = expect.stringContaining('waiting for the end of it (once more to stop at once)');
const KNOWN = expect.stringContaining('GitHub may hold the new token: look at `reseal status`');

describe('onStopSignal', () => {
  describe('when a signal comes before anything was written', () => {
    it('asks to stop, and keeps which it was', () => {
      const { log, signal, stopping } = rotating({ begun: false });
      signal('SIGHUP', 0);
      expect([log, stopping.signal()]).toEqual([['stop'], 'SIGTERM']);
    });
  });

  describe('when it comes once the token is on its way', () => {
    it('says that the end of it is waited for', () => {
      const { log, signal } = rotating({ begun: true });
      signal('SIGINT', 0);
      expect(log).toEqual([WAITING, 'stop']);
    });
  });

  describe('when another comes within half a second', () => {
    it('takes it for the same keypress, which `timeout --foreground` doubles', () => {
      const { log, signal } = rotating({ begun: true });
      signal('SIGINT', 0);
      signal('SIGINT', 1);
      signal('SIGINT', 499);
      expect(log).toEqual([WAITING, 'stop']);
    });
  });

  describe('when another comes later', () => {
    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 143],
    ] as const)('ends at once by %s with %d, and says what is known', (name, code) => {
      const { log, signal } = rotating({ begun: true });
      signal('SIGINT', 0);
      signal(name, 500);
      expect(log.slice(2)).toEqual([KNOWN, `exit ${code}`]);
    });

    it('says nothing of GitHub where nothing was written', () => {
      const { log, signal } = rotating({ begun: false });
      signal('SIGINT', 0);
      signal('SIGINT', 500);
      expect(log).toEqual(['stop', 'exit 130']);
    });
  });

  it('leaves no listener behind', () => {
    const { stopping, listeners } = rotating({ begun: false });
    stopping.off();
    expect(listeners()).toBe(0);
  });
});
