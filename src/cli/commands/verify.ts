import type { App } from '../../app.ts';
import { openUsedApp } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import { AppError } from '../../domain/error.ts';
import { openFindingStore } from '../../findings.ts';
import { openVerifier } from '../../verification.ts';
import type { Finding } from '../../verify/finding.ts';
import { summarise } from '../../verify/finding.ts';
import type { DeclaredPipeline } from '../../verify/pipeline.ts';
import type { Rule } from '../../verify/rule.ts';
import { findRule, RULES } from '../../verify/rules/all.ts';
import { ask } from '../ask-person.ts';
import type { Given, Run } from '../command.ts';
import { textOption } from '../command.ts';
import { printFindings } from '../findings-talk.ts';

/** The runbook's checklist against the live services. Reads, and changes nothing outside; a whole run is remembered. */
export const run: Run = async (context, given) => {
  const { world, places, out } = context;
  const rules = chosenRules(textOption(given, 'rule'));
  const app = await openUsedApp(places, world);
  try {
    const pipelines = chosenPipelines(app, given);
    const verifier = openVerifier();
    const store = openFindingStore(app);
    let needsPerson = false;
    for (const [index, pipeline] of pipelines.entries()) {
      const progress = pipelines.length > 1 ? ` (${index + 1}/${pipelines.length})` : '';
      out.talk(`reading ${pipeline.repo}${progress} …`);
      let findings = await verifier.verify(app, pipeline, rules);
      if (given.options['interactive'] === true && (await ask(context, store, pipeline, findings)))
        findings = await verifier.verify(app, pipeline, rules);
      const checkedAt = world.now();
      // One rule alone says nothing of the others, which would look like gone.
      if (rules === RULES) store.record(pipeline, findings, checkedAt);
      if (out.json) out.resultJson(asJson(pipeline, findings, checkedAt));
      else printFindings(out, pipeline, findings);
      needsPerson ||= findings.some(({ outcome }) => outcome === 'fail' || outcome === 'unknown');
    }
    return needsPerson ? 1 : 0;
  } finally {
    app.close();
  }
};

function asJson({ name }: DeclaredPipeline, findings: readonly Finding[], checkedAt: Date): object {
  return {
    schemaVersion: 1,
    pipeline: name,
    checkedAt: formatInstant(checkedAt),
    findings,
    summary: summarise(findings),
  };
}

function chosenRules(id: string | undefined): readonly Rule[] {
  if (id === undefined) return RULES;
  const rule = findRule(id);
  if (rule) return [rule];
  throw new AppError('invalid_input', 'there is no rule of that name', {
    hints: [`one of: ${RULES.map((one) => one.id).join(', ')}`],
  });
}

function chosenPipelines({ config, places }: App, { arguments: [name] }: Given): readonly DeclaredPipeline[] {
  const { pipelines } = config;
  if (pipelines.length === 0) {
    throw new AppError('invalid_config', `no pipeline is declared in "${places.configPath}"`, {
      hints: ['declare one under "pipelines" (docs/verify.md)'],
    });
  }
  if (name === undefined) return pipelines;
  const named = pipelines.filter((one) => one.name === name);
  if (named.length > 0) return named;
  throw new AppError('invalid_input', 'no pipeline of that name is declared', {
    hints: [`one of: ${pipelines.map((one) => one.name).join(', ')}`],
  });
}
