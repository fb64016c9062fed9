import type { Told } from './about.ts';
import { parseTold } from './about.ts';
import type { ChainedEvent } from './chain.ts';
import { countDays, dayOf, listed } from './words.ts';

/** An entry with its detail read. */
export interface Entry extends Pick<ChainedEvent, 'seq' | 'at' | 'actor' | 'type' | 'subject' | 'result'> {
  readonly detail: Readonly<Record<string, unknown>>;
}

type Sentence = (entry: Entry, name: string) => string;

/** What cannot be read of a detail is left out: an entry is shown whatever became of it. */
export function readEntry({ detail, ...entry }: ChainedEvent): Entry {
  try {
    const read = JSON.parse(detail) as unknown;
    return { ...entry, detail: typeof read === 'object' && read !== null ? { ...read } : {} };
  } catch {
    return { ...entry, detail: {} };
  }
}

/** One entry as a sentence about the credential or pipeline `name`. Of a type that is not known, type and result. */
export function sentenceOf(entry: Entry, name: string): string {
  const sentence = SENTENCES[entry.type];
  return sentence ? sentence(entry, name) : `${entry.type}${entry.result && `: ${entry.result}`}`;
}

const text = ({ detail }: Entry, field: string): string => {
  const value = detail[field];
  return typeof value === 'string' ? value : '';
};
const place = (entry: Entry): string =>
  text(entry, 'repo') === ''
    ? ''
    : `${text(entry, 'secret')} in ${text(entry, 'repo')}, environment ${text(entry, 'environment')}`;
const because = (entry: Entry): string => (text(entry, 'reason') === '' ? '' : `: ${text(entry, 'reason')}`);
const by = ({ actor }: Entry): string => ` by ${actor}`;

const SOURCES: Readonly<Record<string, string>> = {
  entered: 'as a person said',
  computed: 'by its lifetime',
  read: 'as it says itself',
  observed: 'as its issuer says',
  estimated: 'an estimate',
};
const CHECKS: Readonly<Record<string, string>> = {
  live: 'its issuer accepts it',
  unchecked: 'its issuer could not be asked',
  'not-asked': 'its issuer was not asked',
};

export function expiryOf(entry: Entry): string {
  switch (entry.detail['expiry']) {
    case 'known': {
      const source = SOURCES[text(entry, 'expirySource')];
      return `expires ${dayOf(text(entry, 'expiresAt'))}${source ? ` (${source})` : ''}`;
    }
    case 'never':
      return 'never expires';
    default:
      return 'its expiry is not known';
  }
}

const checked = (entry: Entry): string => {
  const words = CHECKS[text(entry, 'checked')];
  return words ? `; ${words}` : '';
};

const DECLARED: Readonly<Record<string, string>> = {
  declared: 'declared in the configuration',
  'no longer declared': 'left the configuration; its reminders go on',
  'declared again': 'declared in the configuration again',
};

const SEEN: Readonly<Record<string, string>> = {
  verified: 'is what reseal stored there',
  missing: 'is gone',
  'changed-elsewhere': 'was changed, and not by reseal',
  unknown: 'could not be read',
  unconfirmed: 'may have been stored',
  'never-stored': 'was never stored by reseal',
};

const CREDENTIALS: Readonly<Record<string, Sentence>> = {
  'credential.declared': (entry) =>
    DECLARED[entry.result] ?? `${entry.result} in the configuration: ${text(entry, 'changed')}`,
  'credential.recorded': (entry) =>
    `recorded${by(entry)}: ${entry.result}, ${expiryOf(entry)}${checked(entry)}`,
  'credential.rotated': (entry) => `recorded: ${entry.result}, ${expiryOf(entry)}${checked(entry)}`,
  'credential.completed': (entry) => `recorded: ${entry.result} is where it was missing`,
  'credential.acknowledged': (entry) =>
    `acknowledged${by(entry)}: quiet ${entry.result.replace(/\d{4}-\d\d-\d\dT\S+/, dayOf)}`,
  'credential.retired': (entry) => `retired${by(entry)}: ${entry.result}`,
  'credential.revoked': (entry) => `said to be revoked${by(entry)}: ${entry.result}`,
  'credential.leaked': (entry) => `said to have leaked${by(entry)}: ${entry.result}`,
  'credential.restored': (entry) => `accepted by its issuer after all: ${entry.result}`,
  'credential.old-token-revoked': (entry) => `old token revoked at its issuer: ${entry.result}`,
};

const ROTATIONS: Readonly<Record<string, Sentence>> = {
  'rotation.opened': (entry) => `rotation opened${by(entry)}`,
  'rotation.submitted': () => 'new token pasted',
  'rotation.checked': () => 'new token passed its checks',
  'rotation.refused': () => 'what was pasted was refused; nothing was stored',
  'rotation.intended': (entry) => `about to be written to ${place(entry)}${checked(entry)}`,
  'rotation.stored': (entry) => `written to ${place(entry)}: GitHub took it`,
  'rotation.verified': (entry) => `read back: GitHub shows the new write of ${place(entry)}`,
  'rotation.failed': (entry) =>
    place(entry) === ''
      ? `rotation failed${because(entry)}`
      : `not stored in ${place(entry)}${because(entry)}`,
  'rotation.unconfirmed': (entry) =>
    place(entry) === ''
      ? `rotation unconfirmed${because(entry)}`
      : `may be stored in ${place(entry)}${because(entry)}`,
  'rotation.rejected': (entry) => `rotation rejected${because(entry)}`,
  'rotation.abandoned': (entry) => `rotation abandoned${because(entry)}`,
};

const DESTINATIONS: Readonly<Record<string, Sentence>> = {
  'destination.seen': (entry) => `${place(entry)}: ${SEEN[entry.result] ?? entry.result}`,
  'destination.adopted': (entry) =>
    `found at GitHub: ${place(entry)}, ${entry.result.replace(/\d{4}-\d\d-\d\dT\S+/, dayOf)}`,
  'destination.changed': (entry) => `${place(entry)} was changed ${entry.result}`,
};

const MAILS: Readonly<Record<string, Sentence>> = {
  'mail.sent': (entry, name) => `${aboutMail(entry, name)}: delivered to ${entry.subject} (${entry.result})`,
  'mail.given-up': (entry, name) =>
    `${aboutMail(entry, name)}: could not be delivered to ${entry.subject} (${entry.result})`,
  'mail.unanswered': (entry, name) =>
    `${aboutMail(entry, name)}: perhaps delivered to ${entry.subject} (${entry.result})`,
  'mail.retried': (entry, name) => `${aboutMail(entry, name)}: to be sent again, ${entry.result}`,
  'recipients.changed': (entry) => `${entry.subject} is told no more; a last mail says so`,
};

const TOPICS: Readonly<Record<string, string>> = {
  rotated: 'notice of the rotation',
  revoked: 'mail that it is revoked',
  leaked: 'mail that it has leaked',
  standing: "the month's line",
  unconfirmed: 'mail that a rotation is unconfirmed',
  changed: 'mail that it was changed elsewhere',
  'old-token': 'mail that the old token lives on',
  findings: 'mail about findings',
};

/** What a mail said of this credential or pipeline; of an older entry, which names none, just that it was mail. */
function aboutMail({ detail }: Entry, name: string): string {
  const items = detail['reminders'];
  const told = (Array.isArray(items) ? items : [])
    .filter((item) => typeof item === 'string')
    .map(parseTold)
    .filter((item) => item !== undefined)
    .filter(({ credential }) => credential === name || credential === `pipeline:${name}`);
  return told.length === 0 ? 'mail' : listed([...new Set(told.map(aboutReminder))]);
}

function aboutReminder({ topic, leadDays }: Told): string {
  if (topic !== 'expiry') return TOPICS[topic] ?? `mail (${topic})`;
  if (leadDays === 0) return 'reminder on the day of its expiry';
  return leadDays > 0
    ? `reminder ${countDays(leadDays)} before its expiry`
    : `reminder ${countDays(-leadDays)} after its expiry`;
}

const FINDINGS: Readonly<Record<string, string>> = {
  failed: 'new finding',
  worse: 'worse than before',
  recovered: 'mended',
  blind: 'cannot be read any more',
  'seen-again': 'can be read again',
  lapsed: 'is to be confirmed again',
  changed: 'changed',
  closed: 'asked no more',
};

const findingSentences = Object.fromEntries(
  Object.entries(FINDINGS).map(([kind, words]): [string, Sentence] => [
    `verify.${kind}`,
    (entry) =>
      text(entry, 'rule') === 'crate-token-in-use' && text(entry, 'outcome') === 'pass'
        ? `${text(entry, 'about')}: ${text(entry, 'observed')}`
        : `${words}: ${entry.result}${text(entry, 'observed') && ` (${text(entry, 'observed')})`}`,
  ]),
);

const INSTALLATION: Readonly<Record<string, Sentence>> = {
  'installation.created': (entry) => `reseal was set up${by(entry)}`,
  'configuration.loaded': (entry) => `configuration loaded${by(entry)}, ${entry.result}`,
  'configuration.changed': (entry) => {
    const changed = entry.detail['changed'];
    const lines = Array.isArray(changed) ? changed.filter((one) => typeof one === 'string') : [];
    return `configuration changed, loaded${by(entry)}: ${lines.length > 0 ? lines.join('; ') : entry.result}`;
  },
};

const SENTENCES: Readonly<Record<string, Sentence | undefined>> = {
  ...CREDENTIALS,
  ...ROTATIONS,
  ...DESTINATIONS,
  ...MAILS,
  ...findingSentences,
  'verify.confirmed': (entry) => `confirmed${by(entry)}: ${entry.result}`,
  ...INSTALLATION,
};
