import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import type { CredentialState } from '../../domain/credential.ts';
import { formatHead } from '../../history/head.ts';
import type { CredentialStatus } from '../../register/status.ts';
import { anyNeedsPerson } from '../../register/status.ts';
import type { Circuit, OutboxCounts, Trouble } from '../../remind/reminder.ts';
import { findingCounts } from '../../sqlite/findings.ts';
import { headOf } from '../../sqlite/history.ts';
import type { InstallationTrouble } from '../../sqlite/installation.ts';
import { lastBeat, listTroubles } from '../../sqlite/installation.ts';
import type { ReadStatus } from '../../statuses.ts';
import { readStatuses } from '../../statuses.ts';
import { columns, widthOfTerminal } from '../columns.ts';
import type { Context, Run } from '../command.ts';
import type { Output } from '../output.ts';
import { table } from '../output.ts';
import { notesOn, notesOnUndeclared } from '../status-notes.ts';

/** Shows, and changes nothing. What there may be very many of is printed as it is read. */
export const run: Run = async (context, { options }) => {
  const { world, places, out } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, false);
    const app = openApp(db, config, places, world);
    const now = world.now();
    const statuses = readStatuses(app, now);
    const rest = () => readRest(app);
    const needsPerson = out.json
      ? printJson(out, statuses, now, rest)
      : await printText(context, statuses, options['wide'] === true, now, rest);
    return needsPerson ? 1 : 0;
  } finally {
    db.close();
  }
};

type Rest = ReturnType<typeof readRest>;

/** What is shown beside the credentials. */
function readRest({ db, outbox, config }: App) {
  const deliveries = outbox.counts();
  const trouble = outbox.trouble();
  const circuits = outbox.circuits();
  const troubles = listTroubles(db);
  // Null until a pipeline was verified: zero would read as fine.
  const findings = findingCounts(db);
  const undelivered = deliveries.dead > 0 || deliveries.ambiguous > 0 || trouble !== undefined;
  const failing = circuits.length > 0 || troubles.length > 0;
  const broken = (findings.fail ?? 0) + (findings.unknown ?? 0) > 0;
  return {
    deliveries,
    trouble,
    circuits,
    troubles,
    findings,
    lastBeatAt: lastBeat(db, 'cycle'),
    head: headOf(db),
    isConfigured: config.mail !== undefined || config.webhooks.length > 0,
    needsPerson: undelivered || failing || broken,
  };
}

/** @returns whether something needs a person */
function printJson(out: Output, statuses: Iterable<ReadStatus>, now: Date, readRest: () => Rest): boolean {
  let needsPerson = false;
  out.resultJsonWith(
    { schemaVersion: 1, now: formatInstant(now) },
    'credentials',
    function* () {
      for (const { status } of statuses) {
        needsPerson ||= anyNeedsPerson([status]);
        yield status;
      }
    },
    () => {
      const rest = readRest();
      needsPerson ||= rest.needsPerson;
      return {
        deliveries: {
          ...rest.deliveries,
          lastError: rest.trouble?.error ?? null,
          failing: rest.circuits.map(({ channel, reason, nextTryAt }) => ({
            channel,
            reason,
            nextTryAt: formatInstant(nextTryAt),
          })),
        },
        findings: rest.findings,
        daemon: { lastBeatAt: rest.lastBeatAt ? formatInstant(rest.lastBeatAt) : null },
        history: rest.head ?? null,
        troubles: rest.troubles.map(({ name, detail, since }) => ({
          name,
          detail,
          since: formatInstant(since),
        })),
      };
    },
  );
  return needsPerson;
}

/** @returns whether something needs a person */
async function printText(
  context: Context,
  statuses: Iterable<ReadStatus>,
  wide: boolean,
  now: Date,
  readRest: () => Rest,
): Promise<boolean> {
  const { out } = context;
  const shown = printCredentials(out, statuses, wide);
  if (wide && shown.kept.length > 0) await printYear(context, shown.kept, now);
  const rest = readRest();
  printMail(out, rest.deliveries, rest.trouble, rest.isConfigured);
  printTroubles(out, rest.circuits, rest.troubles);
  printFindings(out, rest.findings);
  out.result(
    `daemon  ${rest.lastBeatAt ? `last came round at ${formatInstant(rest.lastBeatAt)}` : 'has not run yet: no mail goes out without it'}`,
  );
  if (rest.head) out.result(`history ${formatHead(rest.head)}`);
  return shown.needsPerson || rest.needsPerson;
}

/** So many rows share the widths of their columns, and are printed at once. */
const A_BATCH = 500;

/** @param keeps whether they are needed again */
function printCredentials(
  out: Output,
  statuses: Iterable<ReadStatus>,
  keeps: boolean,
): { readonly needsPerson: boolean; readonly kept: readonly ReadStatus[] } {
  const kept: ReadStatus[] = [];
  const notes: string[] = [];
  const undeclared: string[] = [];
  let needsPerson = false;
  let printed = 0;
  let batch: CredentialStatus[] = [];
  const print = () => {
    if (batch.length > 0) printRows(out, batch, printed === 0);
    printed += batch.length;
    batch = [];
  };
  for (const one of statuses) {
    const { status } = one;
    batch.push(status);
    if (keeps) kept.push(one);
    if (!status.declared) undeclared.push(status.name);
    notes.push(...notesOn(out, status));
    needsPerson ||= anyNeedsPerson([status]);
    if (batch.length === A_BATCH) print();
  }
  print();
  if (printed === 0) out.result('no credential is declared yet');
  for (const note of [...notes, ...notesOnUndeclared(out, undeclared)]) out.result(note);
  return { needsPerson, kept };
}

function printFindings(out: Output, { fail, unknown }: ReturnType<typeof findingCounts>): void {
  if (!fail && !unknown) return;
  out.result(`\n${out.style(fail ? 'red' : 'yellow', 'findings')}  ${fail} failing, ${unknown} unknown`);
  out.result('  → what they are, and what to do: reseal verify');
}

const STYLES: Readonly<Record<CredentialState, 'red' | 'yellow' | 'green' | 'dim'>> = {
  planned: 'dim',
  never: 'dim',
  ok: 'green',
  due: 'yellow',
  unknown: 'yellow',
  critical: 'red',
  expired: 'red',
  revoked: 'red',
};

/** Loaded only where it is asked for. */
async function printYear(
  { out, world }: Context,
  credentials: readonly ReadStatus[],
  now: Date,
): Promise<void> {
  const { drawTimeline, showsUnicode, timelineRows, widthOf } = await import('../timeline.ts');
  out.result('');
  const stored = credentials.map((one) => one.stored).filter((one) => one !== undefined);
  const rows = timelineRows(
    credentials.map(({ status }) => status),
    stored,
  );
  const lines = drawTimeline(rows, {
    now,
    width: widthOf(process.stdout.columns, world.env),
    unicode: showsUnicode(world.env),
    style: out.style,
  });
  for (const line of lines) out.result(line);
}

function printRows(out: Output, credentials: readonly CredentialStatus[], withHeader: boolean): void {
  const cells = credentials.map((status) => row(out, status));
  if (!out.terminal) {
    out.result(table([...(withHeader ? [header(out)] : []), ...cells], false));
    return;
  }
  // Where it lives stands below each row, so that the columns fit a narrow terminal.
  const { head, rows } = columns(
    header(out).slice(0, -1),
    cells.map((row) => row.slice(0, -1)),
    widthOfTerminal(process.stdout.columns),
  );
  if (withHeader && head !== undefined) out.result(head);
  rows.forEach((text, index) => {
    out.result(text);
    for (const place of credentials[index]?.destinations ?? [])
      out.result(out.style('dim', `  ${describePlace(place)}`));
  });
}

function printMail(
  out: Output,
  { pending, inFlight, sent, ambiguous, dead }: OutboxCounts,
  trouble: Trouble | undefined,
  configured: boolean,
): void {
  out.result(
    `\nmail    ${sent} sent, ${pending + inFlight} waiting, ${ambiguous} without an answer, ${dead} undeliverable`,
  );
  if (!configured)
    out.result(out.style('yellow', '        no mail server is configured: no reminder can go out'));
  if (trouble)
    out.result(
      out.style('yellow', `        ${trouble.error}; next try at ${formatInstant(trouble.nextAttemptAt)}`),
    );
}

function printTroubles(
  out: Output,
  circuits: readonly Circuit[],
  troubles: readonly InstallationTrouble[],
): void {
  for (const { channel, reason, nextTryAt } of circuits)
    out.result(out.style('red', `        ${channel}: ${reason}; next try at ${formatInstant(nextTryAt)}`));
  for (const { name, detail, since } of troubles)
    out.result(`${out.style('red', name)}  since ${formatInstant(since)}: ${detail}`);
}

function describePlace(place: CredentialStatus['destinations'][number]): string {
  const state =
    place.state !== 'never-stored'
      ? place.state
      : place.version === null
        ? 'not stored by reseal yet'
        : `still holds version ${place.version}`;
  return `${place.repo} › ${place.environment} › ${place.secret} (${state})`;
}

function header(out: Output): readonly string[] {
  return ['NAME', 'STATE', 'LEFT', 'EXPIRES', 'KNOWN', 'VERSION', 'NEXT MAIL', 'LIVES IN'].map((title) =>
    out.style('dim', title),
  );
}

function row(out: Output, status: CredentialStatus): readonly string[] {
  const day = (instant: string | null) => instant?.slice(0, 10) ?? '-';
  return [
    out.style('bold', status.name),
    out.style(STYLES[status.state], status.state),
    status.daysLeft === null ? '-' : `${status.daysLeft} d`,
    day(status.expiresAt),
    status.version === null ? '-' : status.expirySource,
    status.version === null ? '-' : String(status.version),
    day(status.nextReminderAt),
    status.destinations.map(describePlace).join(', ') || '-',
  ];
}
