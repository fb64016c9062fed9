import { formatForPeople } from '../domain/calendar.ts';
import type { ImportPlan } from './import-plan.ts';
import type { Output } from './output.ts';

/** What has become of a plan. */
export interface Outcome {
  readonly plan: ImportPlan;
  /** Names. */
  readonly recorded: readonly string[];
  /** `print`: the declarations are on standard output, to be put into the file by hand. */
  readonly mode: 'done' | 'dry-run' | 'print';
  /** The declarations, as YAML; undefined: not asked for. */
  readonly yaml?: string;
}

const MOST_TOLD = 50;

/** Prints it. @returns the exit code */
export function tellImport(out: Output, outcome: Outcome): number {
  if (out.json) out.resultJson(asJson(outcome));
  else tell(out, outcome);
  const { skipped, unread } = outcome.plan;
  return unread.length > 0 || skipped.some(({ needsPerson }) => needsPerson) ? 1 : 0;
}

function asJson({ plan, recorded, mode, yaml }: Outcome): object {
  return {
    schemaVersion: 1,
    added: mode === 'print' ? [] : plan.added.map(({ declaration }) => declaration.name),
    recorded,
    skipped: plan.skipped.map(({ name, reason }) => ({ name, reason })),
    unread: plan.unread,
    ...(mode === 'dry-run' ? { dryRun: true } : {}),
    ...(yaml === undefined ? {} : { yaml }),
  };
}

function tell(out: Output, { plan, recorded, mode, yaml }: Outcome): void {
  const { added, owners, skipped, unread } = plan;
  if (mode === 'print') {
    if (yaml) out.result(yaml.trimEnd());
    out.talk(
      `nothing was written: put these entries under the sections of the same names in the configuration, and run the same import again, which then records the dates`,
    );
  } else {
    const would = mode === 'dry-run' ? 'would be ' : '';
    out.result(
      `${count(added.length, 'credential')} ${would}declared, ${count(recorded.length, 'date')} ${would}recorded`,
    );
    for (const { name, email } of owners) out.talk(`owner ${name} <${email}> ${would}declared`);
    if (mode === 'dry-run') tellDates(out, plan);
  }
  tellSome(
    out,
    skipped.filter(({ needsPerson }) => needsPerson).map(({ name, reason }) => `${name}: ${reason}`),
  );
  const fine = skipped.filter(({ needsPerson }) => !needsPerson).length;
  if (fine > 0)
    out.talk(
      `${count(fine, 'credential')} ${fine === 1 ? 'is' : 'are'} there already, as ${fine === 1 ? 'it' : 'they'} should be`,
    );
  tellSome(
    out,
    unread.map(({ where, reason }) => `${where} could not be read: ${reason}`),
  );
  if (mode === 'done' && recorded.length > 0) out.hint('look at them: reseal status');
}

function tellDates(out: Output, { recorded }: ImportPlan): void {
  tellSome(
    out,
    recorded.map(({ declaration: { name, kind }, version }) => {
      const expiry = version?.expiry;
      const when = expiry?.kind === 'known' ? `expires ${formatForPeople(expiry.at)}` : 'never expires';
      return `${name}: ${kind}, ${when}${expiry?.source === 'estimated' ? ' (estimated)' : ''}`;
    }),
  );
}

function tellSome(out: Output, lines: readonly string[]): void {
  for (const line of lines.slice(0, MOST_TOLD)) out.talk(line);
  if (lines.length > MOST_TOLD) out.talk(`… and ${lines.length - MOST_TOLD} more (all of them with --json)`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
