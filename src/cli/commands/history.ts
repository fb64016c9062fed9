import { openUsedDatabase } from '../../app.ts';
import { AppError } from '../../domain/error.ts';
import { firstBroken } from '../../history/chain.ts';
import { openHistory } from '../../sqlite/history.ts';
import { readInstallId } from '../../sqlite/installation.ts';
import type { Run } from '../command.ts';
import { table } from '../output.ts';

export const run: Run = async ({ world, places, out }, given) => {
  const db = openUsedDatabase(places, world);
  try {
    const installId = readInstallId(db) ?? '';
    const all = openHistory(db, installId, world.actor).list();
    const broken = given.options['check'] ? firstBroken(all, installId) : undefined;
    const [name] = given.arguments;
    if (name !== undefined && !all.some((event) => event.subject === name)) {
      const subjects = [...new Set(all.map((event) => event.subject))].join(', ');
      throw new AppError('invalid_input', 'nothing is known under that name', {
        hints: [`there are: ${subjects}`],
      });
    }
    const shown = name === undefined ? all : all.filter((event) => event.subject === name);
    if (out.json) {
      const events = shown.map(({ seq, at, type, subject, result, hash }) => ({
        seq,
        at,
        type,
        subject,
        result,
        hash,
      }));
      out.resultJson({
        schemaVersion: 1,
        events,
        head: all.at(-1)?.hash ?? null,
        ...(given.options['check'] ? { broken: broken ?? null } : {}),
      });
    } else {
      const rows = shown.map(({ seq, at, type, subject, result }) => [
        String(seq),
        at,
        type,
        subject,
        result,
      ]);
      if (rows.length > 0) out.result(table(rows, out.terminal));
      if (given.options['check']) {
        out.result(
          broken === undefined
            ? `the chain of ${all.length} entries holds`
            : `the chain breaks at entry ${broken}`,
        );
      }
    }
    return broken === undefined ? 0 : 1;
  } finally {
    db.close();
  }
};
