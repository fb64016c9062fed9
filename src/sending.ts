import type { App } from './app.ts';
import { addDays } from './domain/calendar.ts';
import { toldFindings } from './findings.ts';
import { settingsPage } from './github/settings-page.ts';
import { formatHead } from './history/head.ts';
import { openCalendar, openChannels } from './outside.ts';
import { formerRecipients } from './recipients.ts';
import type { MailContext } from './remind/compose.ts';
import type { Round } from './remind/deliver.ts';
import type { Planning } from './remind/sweep.ts';
import { headOf } from './sqlite/history.ts';
import { listTroubles, outagesSince } from './sqlite/installation.ts';

// What the relay is wired with, for the daemon and for the commands that send.

/** How long ago an outage may lie and still explain what was missed. */
const OUTAGE_DAYS = 400;

export function planningOf(app: App, report: Planning['report']): Planning {
  return {
    outbox: app.outbox,
    find: app.register.find,
    some: app.register.some,
    policy: app.policy,
    now: app.world.now,
    report,
  };
}

/** @param run what belongs to this run of the sender */
export async function roundOf(
  app: App,
  run: Pick<Round, 'epoch' | 'report' | 'stopping' | 'unwritten'>,
): Promise<Round> {
  const channels = await openChannels(app.config, app.world);
  const calendar = await openCalendar(app);
  const questionOf = await openQuestions(app);
  let context: MailContext | undefined;
  return {
    ...run,
    outbox: app.outbox,
    find: app.register.find,
    context: () => {
      context ??= mailContext(app, calendar, questionOf);
      return context;
    },
    identity: app.identity,
    channels,
    now: app.world.now,
    maxRepeats: app.maxRepeats,
  };
}

/** The rules are loaded only where a mail of findings waits, and few do. */
async function openQuestions({ outbox }: App): Promise<(rule: string) => string | undefined> {
  const due = [...outbox.waiting().flatMap(({ reminders }) => reminders), ...outbox.owed()];
  if (!due.some(({ topic }) => topic === 'findings')) return () => undefined;
  const { findRule } = await import('./verify/rules/all.ts');
  return (rule) => findRule(rule)?.question;
}

/** @param questionOf of a rule, by its id */
export function mailContext(
  app: App,
  calendar: MailContext['calendar'],
  questionOf: (rule: string) => string | undefined = () => undefined,
): MailContext {
  const { config, db, world, outbox, policy } = app;
  const troubles = listTroubles(db);
  const broken = troubles.find(({ name }) => name === 'configuration');
  const head = headOf(db);
  return {
    policy,
    command: config.reminders.command,
    settingsPage: (destination) => settingsPage(config.github.apiUrl, destination),
    outages: outagesSince(db, addDays(world.now(), -OUTAGE_DAYS)),
    undelivered: outbox
      .waiting()
      .filter(({ state }) => state === 'dead')
      .map(({ recipient, lastError, reminders }) => ({
        recipient,
        error: lastError ?? 'given up',
        credentials: [...new Set(reminders.map(({ credential }) => credential))],
      })),
    configurationTrouble: broken && { detail: broken.detail, since: broken.since },
    calendar,
    findings: toldFindings(app, questionOf),
    former: formerRecipients(db, app.register.find, policy),
    historyTrouble: troubles.find(({ name }) => name === 'history'),
    head: head && formatHead(head),
  };
}
