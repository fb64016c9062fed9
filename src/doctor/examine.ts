import { describeError, isAppError } from '../domain/error.ts';
import type { Check } from './check.ts';
import type { Line, Outcome, Remark } from './line.ts';
import { unknown } from './line.ts';
import type { Scene } from './scene.ts';

/** For each check that asks others: whatever has not answered then is unknown. */
const DEADLINE_MS = 14_000;

/** The lines of every check, in their order: what is on this machine first, then all that asks others at once. */
export async function examine(
  checks: readonly Check[],
  scene: Scene,
  deadlineMs: number = DEADLINE_MS,
): Promise<readonly Line[]> {
  const found = new Map<Check, readonly Remark[]>();
  // SQLite's look over the whole file holds everything else up, and must not look like a service that is slow.
  for (const check of checks) if (!check.asksOthers) found.set(check, await guarded(check, scene));
  const asking = checks.filter(({ asksOthers }) => asksOthers);
  await Promise.all(
    asking.map(async (check) => {
      found.set(check, await Promise.race([guarded(check, scene), late(check, deadlineMs)]));
    }),
  );
  return checks.flatMap((check) => (found.get(check) ?? []).map((one) => ({ check: check.id, ...one })));
}

/** A check that breaks says so, and nothing of what it broke on. */
async function guarded({ title, run }: Check, scene: Scene): Promise<readonly Remark[]> {
  try {
    return await run(scene);
  } catch (error) {
    const next = isAppError(error) ? error.hints.join('; ') : 'please report it';
    return [
      unknown(title.toLowerCase(), `could not be looked at: ${describeError(error)}`, next || undefined),
    ];
  }
}

async function late({ title }: Check, deadlineMs: number): Promise<readonly Remark[]> {
  await new Promise((resolve) => setTimeout(resolve, deadlineMs).unref());
  return [
    unknown(title.toLowerCase(), `did not come to an end in ${deadlineMs / 1000} seconds`, 'try again'),
  ];
}

export function countOutcomes(lines: readonly Line[]): Readonly<Record<Outcome, number>> {
  const of = (outcome: Outcome) => lines.filter((line) => line.outcome === outcome).length;
  return { ok: of('ok'), problem: of('problem'), unknown: of('unknown') };
}

/** 0: everything is well. 1: something is not, or could not be learned. 2: there is no configuration. */
export function doctorExit({ config }: Pick<Scene, 'config'>, lines: readonly Line[]): 0 | 1 | 2 {
  if (!config.ok && config.absent) return 2;
  return lines.every(({ outcome }) => outcome === 'ok') ? 0 : 1;
}
