import { formatInstant } from './domain/calendar.ts';

/** So often a witness that says nothing after a jump is asked again, a round apart: a machine that wakes has no network yet. */
const PATIENT_LOOKS = 10;
/** A clock that shows another time than the world by more than this must not decide what is due. */
const TOLERANCE_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

export interface ClockWatch {
  /**
   * Whether this instant can be trusted, asking a witness at the start, hourly, and whenever the clock has moved in a way that
   * minutes do not. A witness that says nothing proves nothing: then it is trusted.
   *
   * @returns what is wrong, in words; undefined: nothing that is known of
   */
  check(): Promise<string | undefined>;
  /** What another answer from outside showed of the time, and when it came. */
  hear(shown: Date): void;
}

/** @param witness the time by a clock outside; undefined: it cannot be reached */
export function watchClock(now: () => Date, witness: () => Promise<Date | undefined>): ClockWatch {
  let [lastLookAt, lastAskedAt]: (Date | undefined)[] = [];
  let wrong: string | undefined;
  let suspicious = 0;
  const judge = (shown: Date) => {
    const off = now().getTime() - shown.getTime();
    wrong = Math.abs(off) <= TOLERANCE_MS ? undefined : describe(now(), shown);
  };
  return {
    check: async () => {
      const at = now();
      const moved = lastLookAt ? at.getTime() - lastLookAt.getTime() : Number.POSITIVE_INFINITY;
      const asked = lastAskedAt ? at.getTime() - lastAskedAt.getTime() : Number.POSITIVE_INFINITY;
      lastLookAt = at;
      if (moved < 0 || moved > TOLERANCE_MS) suspicious = PATIENT_LOOKS;
      if (wrong || suspicious > 0 || asked > HOUR_MS) {
        lastAskedAt = at;
        suspicious = Math.max(0, suspicious - 1);
        const shown = await witness();
        if (shown) judge(shown);
        if (shown) suspicious = 0;
      }
      return wrong;
    },
    hear: (shown) => {
      if (Math.abs(now().getTime() - shown.getTime()) > TOLERANCE_MS) suspicious = PATIENT_LOOKS;
    },
  };
}

function describe(at: Date, shown: Date): string {
  return `this machine's clock shows ${formatInstant(at)}, and GitHub's shows ${formatInstant(shown)}: nothing is sent until they agree`;
}
