import { CHECKS } from '../../doctor/checks.ts';
import { countOutcomes, doctorExit, examine } from '../../doctor/examine.ts';
import { openScene } from '../../doctor/scene.ts';
import { writeLines } from '../../doctor/text.ts';
import { fold, widthOfTerminal } from '../columns.ts';
import type { Run } from '../command.ts';

/** Everything that can be wrong, line by line. Looks, and changes nothing: no mail is sent and nothing is written anywhere. */
export const run: Run = async ({ world, places, out }) => {
  const scene = await openScene(places, world);
  try {
    const lines = await examine(CHECKS, scene);
    if (out.json) {
      const checks = lines.map(({ check, subject, outcome, text, next }) => ({
        check,
        subject,
        outcome,
        text,
        next: next ?? null,
      }));
      out.resultJson({ schemaVersion: 1, checks, summary: countOutcomes(lines) });
    } else {
      const text = writeLines(CHECKS, lines, out.style);
      out.result(out.terminal ? fold(text, widthOfTerminal(process.stdout.columns)) : text);
    }
    return doctorExit(scene, lines);
  } finally {
    scene.close();
  }
};
