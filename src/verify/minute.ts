const MINUTE_MS = 60_000;
/** A read is one point of the 900 that GitHub gives a minute (docs.github.com, "Rate limits for the REST API", secondary limits). */
const POINTS_A_MINUTE = 900;
/** A pipeline with a hundred rulesets takes some 120 requests; the usual one 14. */
const ROOM = 150;

/** What went out in the last minute. Nobody can ask GitHub how much of its limit is left, so it is counted here. */
export interface Minute {
  /** A request goes out now. */
  note(): void;
  /** Waits until a whole pipeline has room in GitHub's minute. */
  room(): Promise<void>;
}

export function openMinute(now: () => Date, sleep: (ms: number) => Promise<void>): Minute {
  let sent: readonly number[] = [];
  return {
    note: () => {
      sent = [...sent, now().getTime()];
    },
    room: async () => {
      for (;;) {
        const at = now().getTime();
        // A clock that was put back must not make anybody wait for longer than a minute.
        sent = sent.map((one) => Math.min(one, at)).filter((one) => at - one < MINUTE_MS);
        const tooMany = sent[sent.length - (POINTS_A_MINUTE - ROOM) - 1];
        if (tooMany === undefined) return;
        await sleep(tooMany + MINUTE_MS - at);
      }
    },
  };
}
