import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { formatInstant } from '../../domain/calendar.ts';
import type { CredentialState } from '../../domain/credential.ts';
import { formatHead } from '../../history/head.ts';
import { findKind } from '../../kinds/catalogue.ts';
import type { StoredCredential } from '../../register/register.ts';
import type { CredentialStatus } from '../../register/status.ts';
import { anyNeedsPerson, leftBehind } from '../../register/status.ts';
import type { Circuit, OutboxCounts, Trouble } from '../../remind/reminder.ts';
import { findingCounts } from '../../sqlite/findings.ts';
import { headOf } from '../../sqlite/history.ts';
import type { InstallationTrouble } from '../../sqlite/installation.ts';
import { lastBeat, listTroubles } from '../../sqlite/installation.ts';
import { readStatuses } from '../../statuses.ts';
import type { Context, Run } from '../command.ts';
import type { Output } from '../output.ts';
import { table } from '../output.ts';

/** Shows, and changes nothing. */
export const run: Run = async (context, { options }) => {
  const { world, places, out } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, false);
    const app = openApp(db, config, places, world);
    const now = world.now();
    const stored = app.register.list();
    const credentials = readStatuses(app, stored, now);
    const deliveries = app.outbox.counts();
    const trouble = app.outbox.trouble();
    const circuits = app.outbox.circuits();
    const troubles = listTroubles(db);
    const lastBeatAt = lastBeat(db, 'cycle');
    const beat = { lastBeatAt: lastBeatAt ? formatInstant(lastBeatAt) : null };
    const head = headOf(db);
    // Null until a pipeline was verified: zero would read as fine.
    const findings = findingCounts(db);
    if (out.json) {
      out.resultJson({
        schemaVersion: 1,
        now: formatInstant(now),
        credentials,
        deliveries: {
          ...deliveries,
          lastError: trouble?.error ?? null,
          failing: circuits.map(({ channel, reason, nextTryAt }) => ({
            channel,
            reason,
            nextTryAt: formatInstant(nextTryAt),
          })),
        },
        findings,
        daemon: beat,
        history: head ?? null,
        troubles: troubles.map(({ name, detail, since }) => ({ name, detail, since: formatInstant(since) })),
      });
    } else {
      print(out, credentials);
      if (options['wide'] === true && credentials.length > 0)
        await printYear(context, credentials, stored, now);
      printMail(out, deliveries, trouble, config.mail !== undefined || config.webhooks.length > 0);
      printTroubles(out, circuits, troubles);
      printFindings(out, findings);
      out.result(
        `daemon  ${beat.lastBeatAt ? `last came round at ${beat.lastBeatAt}` : 'has not run yet: no mail goes out without it'}`,
      );
      if (head) out.result(`history ${formatHead(head)}`);
    }
    const undelivered = deliveries.dead > 0 || deliveries.ambiguous > 0 || trouble !== undefined;
    const failing = circuits.length > 0 || troubles.length > 0;
    const broken = (findings.fail ?? 0) + (findings.unknown ?? 0) > 0;
    return anyNeedsPerson(credentials) || undelivered || failing || broken ? 1 : 0;
  } finally {
    db.close();
  }
};

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

function print(out: Output, credentials: readonly CredentialStatus[]): void {
  if (credentials.length === 0) out.result('no credential is declared yet');
  else if (out.terminal) printForPerson(out, credentials);
  else out.result(table([header(out), ...credentials.map((status) => row(out, status))], false));
  for (const status of credentials) {
    const { name, unsettled, declared, retiredAt, baseline, changed } = status;
    if (changed) {
      out.result(`\n${out.style('red', 'changed')}  ${name}: ${changed}`);
      out.result(
        `  → find out whose it is; then: reseal confirm ${name} --stored --expires DATE, or store a new one: reseal rotate ${name}`,
      );
    }
    if (unsettled) {
      out.result(`\n${out.style('red', 'unconfirmed')}  ${name}: ${unsettled}`);
      out.result(`  → reseal confirm ${name} --stored --expires DATE, or --not-stored; or rotate again`);
    }
    printLeftOver(out, status);
    if (retiredAt) out.result(`\n${out.style('dim', 'retired')}  ${name}: no reminders come`);
    else if (baseline) {
      out.result(`\n${out.style('yellow', 'check the date')}  ${name}: ${baseline}`);
      out.result(
        `  → if another token is in use: reseal record ${name} --expires DATE, as its issuer shows it`,
      );
    }
    printBeyond(out, status);
    if (!declared)
      out.result(
        `\n${out.style('yellow', 'not declared')}  ${name} is no longer in the configuration; its reminders go on`,
      );
  }
}

/** What a rotation has left to do: places that still hold the older token, and the old token at its issuer. */
function printLeftOver(out: Output, status: CredentialStatus): void {
  const { name, oldTokens, destinations, kind } = status;
  const behind = leftBehind(status);
  const missing = destinations.filter(({ state }) => state === 'missing');
  if (behind.length + missing.length > 0) {
    const count = behind.length + missing.length;
    out.result(
      `\n${out.style('red', 'not everywhere')}  ${name}: ${count} of ${destinations.length} destinations do not hold version ${status.version}`,
    );
    out.result(
      `  → reseal rotate ${name} --only-missing, with the same token; or a new one everywhere: reseal rotate ${name}`,
    );
  }
  for (const { version, expiresAt, standing } of oldTokens) {
    const until = expiresAt ? ` until ${expiresAt.slice(0, 10)}` : '';
    const page = findKind(kind)?.pages?.revoke;
    out.result(
      `\n${out.style(standing === 'leaked' ? 'red' : 'yellow', 'old token')}  ${name}: version ${version}${standing === 'leaked' ? ', which has leaked,' : ''} still lives at ${findKind(kind)?.issuer ?? 'its issuer'}${until}`,
    );
    out.result(`  → revoke it${page ? ` at ${page}` : ''}, then: reseal confirm ${name} --old-revoked`);
  }
}

/** Where a rule of the issuer ends it before the date that somebody has written down. */
function printBeyond(out: Output, { name, kind, createdAt, beyondRules }: CredentialStatus): void {
  const page = findKind(kind)?.pages?.renew ?? 'where it was issued';
  // When it was made decides which rule holds.
  const dates = createdAt ? '--expires DATE' : '--created DATE --expires DATE';
  for (const { text, advice, partial } of beyondRules) {
    out.result(`\n${out.style(partial ? 'yellow' : 'red', "issuer's rule")}  ${name}: ${text}`);
    if (advice) out.result(`  → ${advice}`);
    out.result(`  → look at ${page}; if another date is shown there: reseal record ${name} ${dates}`);
  }
}

/** Loaded only where it is asked for. */
async function printYear(
  { out, world }: Context,
  credentials: readonly CredentialStatus[],
  stored: readonly StoredCredential[],
  now: Date,
): Promise<void> {
  const { drawTimeline, showsUnicode, timelineRows, widthOf } = await import('../timeline.ts');
  out.result('');
  const lines = drawTimeline(timelineRows(credentials, stored), {
    now,
    width: widthOf(process.stdout.columns, world.env),
    unicode: showsUnicode(world.env),
    style: out.style,
  });
  for (const line of lines) out.result(line);
}

/** Where it lives stands below each row, so that the columns fit a narrow terminal. */
function printForPerson(out: Output, credentials: readonly CredentialStatus[]): void {
  const [titles, ...rows] = table(
    [header(out), ...credentials.map((status) => row(out, status))].map((cells) => cells.slice(0, -1)),
    true,
  ).split('\n');
  out.result(titles ?? '');
  rows.forEach((line, index) => {
    out.result(line);
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
