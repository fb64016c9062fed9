import type { Overview, OverviewCredential, OverviewFinding } from './overview.ts';
import { isFailing, mailStanding, roundStanding } from './page-condition.ts';
import type { Groups, Tone } from './page-groups.ts';
import { asksForDate, isBroken } from './page-groups.ts';
import { pressingOf, sentence } from './page-pressing.ts';
import { capital, count, dayOf, expires } from './page-words.ts';

/** The one thing to know, and what to do about it. */
export interface Headline {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
  /** To be typed as it stands. */
  readonly command: string | undefined;
  /** Its place on the page, where it has one. */
  readonly credential: OverviewCredential | undefined;
}

/** The most urgent thing, by the harm: what is broken, what lets a release be forged, what ends next, what keeps anybody from being told. */
export function headlineOf(overview: Overview, groups: Groups): Headline {
  if (overview.credentials.length === 0 && overview.findings.length === 0)
    return aboutNothing(overview, groups);
  const [first] = groups.pressing;
  const broken = groups.pressing.find(({ status }) => isBroken(status));
  const [grave] = overview.findings.filter((one) => isFailing(one) && one.severity === 'high');
  if (broken) return aboutCredential(broken);
  if (grave) return aboutFinding(grave, overview);
  if (first) return aboutCredential(first);
  const [finding] = overview.findings;
  const blind = aboutReseal(overview) ?? (finding && aboutFinding(finding, overview));
  const undated = groups.undated.find(asksForDate);
  return blind ?? (undated && aboutCredential(undated)) ?? aboutNothing(overview, groups);
}

function aboutCredential(one: OverviewCredential): Headline {
  const tone = isBroken(one.status) ? 'bad' : 'warn';
  return { ...pressingOf(one), tone, command: one.next, credential: one };
}

function aboutFinding(one: OverviewFinding, { command }: Overview): Headline {
  const failing = isFailing(one);
  return {
    tone: failing ? 'bad' : 'warn',
    title: `${one.pipeline}: ${one.subject} ${failing ? 'is not as declared' : 'could not be looked at'}`,
    text: `${sentence(one.observed)} ${one.remedy === '' ? '' : `What to do: ${sentence(one.remedy)}`}`,
    command: `${command} verify ${one.pipeline}`,
    credential: undefined,
  };
}

/** What keeps reseal itself from doing its work. */
function aboutReseal(overview: Overview): Headline | undefined {
  const round = roundStanding(overview);
  const mail = mailStanding(overview);
  const [trouble] = overview.troubles;
  const { command } = overview;
  const say = (title: string, text: string, type: string): Headline => ({
    tone: 'bad',
    title,
    text,
    command: type,
    credential: undefined,
  });
  if (!overview.mail.isConfigured)
    return say(
      'Nobody can be reminded',
      'Neither a mail server nor a webhook is configured.',
      `${command} config check`,
    );
  // How it is started depends on where it lives: a container, a unit, a shell.
  if (round.isStale)
    return say(
      'Nobody is reminded',
      `${round.text} Start the daemon again where it runs.`,
      `${command} doctor`,
    );
  if (trouble)
    return say(`${capital(trouble.name)} is in trouble`, sentence(trouble.detail), `${command} doctor`);
  if (mail.undelivered > 0)
    return say(
      `${count(mail.undelivered, 'mail was', 'mails were')} not delivered`,
      mail.text,
      `${command} outbox`,
    );
  return undefined;
}

function aboutNothing({ credentials, command }: Overview, { soon, later }: Groups): Headline {
  const next = [...soon, ...later].reduce<OverviewCredential | undefined>(
    (first, one) => (first && (first.status.expiresAt ?? '') <= (one.status.expiresAt ?? '') ? first : one),
    undefined,
  );
  const say = (title: string, text: string, type?: string): Headline => ({
    tone: 'good',
    title,
    text,
    command: type,
    credential: next,
  });
  if (credentials.length === 0)
    return {
      ...say(
        'No credential is declared yet',
        'Declare one under "credentials" in the configuration.',
        `${command} config check`,
      ),
      tone: 'quiet',
    };
  if (!next) return say('Nothing needs you', 'No credential has an expiry date ahead.');
  const { name, daysLeft, expiresAt, nextReminderAt } = next.status;
  const date = expiresAt === null ? '' : ` (${dayOf(new Date(expiresAt))})`;
  const mail =
    nextReminderAt === null ? '' : ` The first mail about it goes out on ${dayOf(new Date(nextReminderAt))}.`;
  return say(
    'Nothing needs you',
    `Next: ${name} ${expires(daysLeft ?? 0)}${date}.${mail} ${sentence(`when it dies, ${next.breaks}`)}`,
  );
}
