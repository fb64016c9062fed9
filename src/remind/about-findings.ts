import { AppError } from '../domain/error.ts';
import type { ToldFinding } from './findings.ts';
import { pipelineOf } from './findings.ts';
import { splitRemedy } from './remedy.ts';
import type { Carried } from './reminder.ts';
import type { Fact, MailContext, Note, Section, Step, Tone } from './section.ts';
import { FINDINGS, FINDINGS_SETTLED, FINDINGS_URGENT } from './urgency.ts';
import { argument, listed, minuteOf, plain, quoted } from './words.ts';

type Change = ToldFinding['change'];

/** Of a change: where it stands, and what it is called beside its question, and in the headline for one and for several. */
const WORDS: Readonly<
  Record<Change, { readonly rank: number; readonly label: string; readonly counted: string }>
> = {
  failed: { rank: 0, label: 'New', counted: 'new finding' },
  worse: { rank: 0, label: 'Worse', counted: 'worse' },
  blind: { rank: 1, label: 'Unread', counted: 'out of sight' },
  lapsed: { rank: 2, label: 'Lapsed', counted: 'to be confirmed again' },
  recovered: { rank: 3, label: 'Recovered', counted: 'recovered' },
  'seen-again': { rank: 3, label: 'Seen again', counted: 'in sight again' },
};

const SEVERITIES: readonly ToldFinding['severity'][] = ['high', 'medium', 'low'];
/** More are counted: the whole list is a command away. */
const MOST_FINDINGS = 10;

/** What verification of a pipeline has newly found. @throws where nothing of it is to be told any more */
export function aboutFindings(reminder: Carried, context: MailContext): Section {
  const name = pipelineOf(reminder.credential) ?? reminder.credential;
  const told = context.findings?.(name, reminder.version);
  const all = [...(told?.findings ?? [])].sort(bySeverity);
  const [first] = all;
  if (!first) throw new AppError('not_found', `nothing that was found in "${name}" is still to be told`);
  const shown = all.slice(0, MOST_FINDINGS);
  const command = `${plain(context.command)} verify ${argument(name)}`;
  const headline = `${quoted(name, 60)}: ${listed(countedWords(all))}`;
  const steps = stepsOf(shown, told?.repo, context);
  const bad = all.some(({ change }) => WORDS[change].rank < 3);
  return {
    ...looksOf(all),
    headline,
    where: `${quoted(first.subject, 60)}: ${quoted(first.observed, 120)}`,
    bar: undefined,
    verbatim: [],
    facts: [checkedFact(all), ...shown.flatMap(factsOf)],
    steps: bad ? [...steps, { text: 'Then look again:', command }] : steps,
    notes: [
      ...(all.length > shown.length
        ? [{ text: `And ${all.length - shown.length} more, in the whole list:`, command }]
        : []),
      ...undelivered(reminder, context),
      { text: 'Each change is told once. What is wrong stays in the status until it is mended.' },
    ],
    item: {
      credential: reminder.credential,
      topic: reminder.topic,
      version: reminder.version,
      headline,
      expiresAt: undefined,
      daysLeft: undefined,
      destinations: [],
      command,
      link: steps.find(({ link }) => link)?.link,
    },
  };
}

function bySeverity(a: ToldFinding, b: ToldFinding): number {
  return (
    WORDS[a.change].rank - WORDS[b.change].rank ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
  );
}

/** `2 new findings`, `1 recovered` */
function countedWords(all: readonly ToldFinding[]): readonly string[] {
  return [...Map.groupBy(all, ({ change }) => WORDS[change].counted)].map(([counted, { length }]) =>
    counted === WORDS.failed.counted && length > 1 ? `${length} ${counted}s` : `${length} ${counted}`,
  );
}

function looksOf(all: readonly ToldFinding[]): { tone: Tone; label: string; urgency: number } {
  const failing = all.filter(({ change }) => WORDS[change].rank === 0);
  if (failing.some(({ severity }) => severity === 'high'))
    return { tone: 'urgent', label: 'Findings', urgency: FINDINGS_URGENT };
  if (failing.length > 0) return { tone: 'soon', label: 'Findings', urgency: FINDINGS };
  const [first] = all;
  if (first?.change === 'blind') return { tone: 'soon', label: 'Out of sight', urgency: FINDINGS };
  if (first?.change === 'lapsed') return { tone: 'soon', label: 'To confirm', urgency: FINDINGS };
  const label = first?.change === 'recovered' ? 'Recovered' : 'In sight';
  return { tone: 'good', label, urgency: FINDINGS_SETTLED };
}

/** The run that saw it: a mail may be late. */
function checkedFact(all: readonly ToldFinding[]): Fact {
  const latest = Math.max(...all.map(({ checkedAt }) => checkedAt.getTime()));
  return { label: 'Checked', text: minuteOf(new Date(latest)) };
}

function factsOf(finding: ToldFinding): readonly Fact[] {
  const { change, question, subject, severity, expected } = finding;
  const weight = WORDS[change].rank === 0 ? ` (${severity})` : '';
  return [
    { label: WORDS[change].label, text: `${quoted(question, 200)} ${quoted(subject, 200)}${weight}` },
    { label: 'Expected', text: quoted(expected) },
    { label: change === 'blind' ? 'Because' : 'Found', text: foundWords(finding) },
    ...timeFacts(finding),
  ];
}

function foundWords({ change, outcome, observed }: ToldFinding): string {
  const found = quoted(observed);
  if (outcome === 'not-applicable') return `it does not apply any more: ${found}`;
  return change === 'seen-again' && outcome === 'fail' ? `it still fails: ${found}` : found;
}

function timeFacts({ change, since, seenAt, lastKnown }: ToldFinding): readonly Fact[] {
  const from = since ? minuteOf(since) : 'an unknown time';
  switch (change) {
    case 'worse':
      return [{ label: 'Since', text: from }];
    case 'recovered':
      return [{ label: 'Failed', text: `from ${from} to ${minuteOf(seenAt)}` }];
    case 'seen-again':
      return [{ label: 'Unread', text: `from ${from} to ${minuteOf(seenAt)}` }];
    case 'blind':
      return [
        { label: 'Since', text: from },
        { label: 'Last known', text: lastKnownWords(lastKnown) },
      ];
    case 'failed':
    case 'lapsed':
      return [];
  }
}

function lastKnownWords(lastKnown: ToldFinding['lastKnown']): string {
  if (!lastKnown) return 'never: it could not be read since it was first looked at';
  const at = minuteOf(lastKnown.at);
  return lastKnown.failed
    ? `it failed at ${at}, and counts as failing until it is seen to hold`
    : `nothing was wrong with it at ${at}`;
}

function stepsOf(
  shown: readonly ToldFinding[],
  repo: string | undefined,
  context: MailContext,
): readonly Step[] {
  return shown
    .filter(({ remedy }) => remedy !== '')
    .map(({ subject, remedy }) => {
      const { text, link } = splitRemedy(remedy, repo, context);
      return { text: `${quoted(subject, 200)}: ${text}`, link };
    });
}

/** Whoever stands in for somebody learns from it why the mail came to them. */
function undelivered({ credential }: Carried, context: MailContext): readonly Note[] {
  const lost = context.undelivered.filter(({ credentials }) => credentials.includes(credential));
  const recipients = [...new Set(lost.map(({ recipient }) => quoted(recipient, 254)))];
  return recipients.map((recipient) => ({ text: `Mail about it to ${recipient} could not be delivered.` }));
}
