import { existsSync } from 'node:fs';
import type { Places, World } from '../../app.ts';
import { databasePath, loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import type { Config } from '../../config/config.ts';
import { AppError } from '../../domain/error.ts';
import { openFindingStore } from '../../findings.ts';
import { pagesOf } from '../../pages.ts';
import type { DeclaredPipeline } from '../../verify/pipeline.ts';
import { RULES } from '../../verify/rules/all.ts';
import type { Runbook } from '../../verify/runbook/document.ts';
import type { Subject } from '../../verify/runbook/outline.ts';
import { apart, writeRunbook } from '../../verify/runbook.ts';
import type { Run } from '../command.ts';

type Remembered = Pick<Subject, 'findings' | 'verifiedAt'>;

/** Shows, and changes nothing. It needs a configuration and no database: it is read before there is one. */
export const run: Run = async ({ world, places, out }, given) => {
  const { config, remembered } = await read(places, world);
  const [name] = given.arguments;
  const chosen = choose(config.pipelines, name);
  const asPage = given.options['html'] === true;
  const [only] = chosen;
  if (asPage && (chosen.length > 1 || !only)) {
    throw new AppError('invalid_input', 'one page shows one pipeline, and several are declared', {
      hints: [`name one of them: ${namesOf(config.pipelines)}`],
    });
  }
  const runbooks = chosen.map((pipeline) =>
    writeRunbook(
      {
        pipeline,
        credentials: config.credentials,
        ...remembered(pipeline.name),
        rules: RULES,
        pages: pagesOf(config, pipeline),
        command: config.reminders.command,
      },
      world.now(),
    ),
  );
  if (out.json) out.resultJson({ schemaVersion: 1, runbooks });
  else out.result((await render(runbooks, asPage)).replace(/\n$/, ''));
  for (const { pipeline, verifiedAt } of runbooks)
    if (!verifiedAt) out.talk(`note: ${pipeline} was not verified yet: its checks have no answer`);
  return 0;
};

async function read(
  places: Places,
  world: World,
): Promise<{ readonly config: Config; readonly remembered: (pipeline: string) => Remembered }> {
  if (!existsSync(databasePath(places))) {
    const { config } = await loadConfig(places, world, undefined, false);
    return { config, remembered: () => ({ findings: [], verifiedAt: undefined }) };
  }
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, false);
    const store = openFindingStore(openApp(db, config, places, world));
    const all = new Map(
      config.pipelines.map(({ name }) => [
        name,
        { findings: store.list(name), verifiedAt: store.lastRun(name)?.checkedAt },
      ]),
    );
    return { config, remembered: (name) => all.get(name) ?? { findings: [], verifiedAt: undefined } };
  } finally {
    db.close();
  }
}

/** @throws AppError invalid_input naming the pipelines that there are */
function choose(
  pipelines: readonly DeclaredPipeline[],
  name: string | undefined,
): readonly DeclaredPipeline[] {
  if (pipelines.length === 0) {
    throw new AppError('invalid_input', 'no pipeline is declared, so there is no runbook to write', {
      hints: ['declare one under "pipelines" of the configuration'],
    });
  }
  if (name === undefined) return pipelines;
  const found = pipelines.filter((one) => one.name === name);
  if (found.length === 0) {
    throw new AppError('invalid_input', 'no pipeline is declared under that name', {
      hints: [`there are: ${namesOf(pipelines)}`],
    });
  }
  return found;
}

function namesOf(pipelines: readonly DeclaredPipeline[]): string {
  return pipelines.map(({ name }) => name).join(', ');
}

async function render(runbooks: readonly Runbook[], asPage: boolean): Promise<string> {
  if (asPage) {
    const { renderHtml } = await import('../../verify/runbook-html.ts');
    return runbooks.map(renderHtml).join('');
  }
  const { renderMarkdown } = await import('../../verify/runbook-markdown.ts');
  return apart(runbooks).map(renderMarkdown).join('\n');
}
