import type { ReminderKey, Topic } from '../../src/remind/reminder.ts';
import type { Tick } from './truth.ts';

/** One transmission whose data has begun, as the receiver sees it. */
export interface Transmission {
  readonly tick: Tick;
  /** When its round began to plan. */
  readonly planned: Tick;
  /** By the clock of the sender. */
  readonly at: number;
  readonly sender: Sender;
  readonly message: number;
  readonly claim: number;
  /** `channel|recipient` */
  readonly to: string;
  readonly messageId: string;
  readonly bytes: string;
  readonly keys: readonly SentKey[];
  /** It repeats, byte for byte, one whose answer was not known. */
  readonly repeat: boolean;
  /** It carries something that waits for the day's one mail. */
  readonly digest: boolean;
  accepted: boolean;
  /** `heard`: the sender knows it; `durable`: and has written it down; `lost`: nobody will ever know it. */
  answer: 'open' | 'heard' | 'durable' | 'lost';
}

/** A process that sends, for as long as it lives. */
export interface Sender {
  readonly name: string;
  dead: boolean;
}

/** A reminder as a payload names it. */
export interface SentKey {
  readonly credential: string;
  readonly version: number;
  readonly topic: Topic;
  readonly lead: number;
}

/** What the fake receivers take as a message: everything that could be told of it, and who is meant. */
export interface Payload {
  readonly messageId: string;
  readonly to: string;
  readonly at: string;
  readonly subject: string;
  readonly keys: readonly SentKey[];
}

export function sentKey({ credential, version, topic, leadDays }: ReminderKey): SentKey {
  return { credential, version, topic, lead: leadDays };
}

export function keyText({ credential, version, topic, lead }: SentKey, to: string): string {
  return `${credential} v${version} ${topic} ${lead} ${to}`;
}

/** Everything that was transmitted in one schedule, by what it carried. */
export interface Ledger {
  readonly all: Transmission[];
  add(transmission: Transmission): void;
  of(key: string): readonly Transmission[];
  /** Which of the transmissions of a credential's topic went to somebody, whatever their lead time. */
  series(key: SentKey, to: string): readonly { readonly lead: number; readonly sent: Transmission }[];
  /** What was given up for somebody, ever. */
  readonly givenUp: Set<string>;
  /** Messages that a person had sent again, and how often. */
  readonly retried: Map<number, number>;
  /** What the receiver has said no to for good is tried again alone, and not with the day's one mail. */
  readonly refused: Set<number>;
  /** Keys that could not be rendered: they have waited for their hour already. */
  readonly leftOut: Set<string>;
  /** Keys whose message was too large, so that they went out in another. */
  readonly split: Set<string>;
}

export function openLedger(): Ledger {
  const all: Transmission[] = [];
  const byKey = new Map<string, Transmission[]>();
  return {
    all,
    add: (transmission) => {
      all.push(transmission);
      for (const key of transmission.keys) {
        const text = keyText(key, transmission.to);
        const known = byKey.get(text);
        if (known) known.push(transmission);
        else byKey.set(text, [transmission]);
      }
    },
    of: (key) => byKey.get(key) ?? [],
    series: ({ credential, version, topic }, to) =>
      all
        .filter((one) => one.to === to)
        .flatMap((sent) =>
          sent.keys
            .filter((key) => key.credential === credential && key.version === version && key.topic === topic)
            .map(({ lead }) => ({ lead, sent })),
        ),
    givenUp: new Set(),
    retried: new Map(),
    refused: new Set(),
    leftOut: new Set(),
    split: new Set(),
  };
}

/** Whether a sender cannot know what became of a transmission. */
export function isUnknown({ answer, sender }: Transmission, to: Sender): boolean {
  if (answer === 'lost' || answer === 'open') return true;
  return answer === 'heard' && (sender !== to || sender.dead);
}

/** Whether it was accepted, or may have been as far as anybody knows. */
export function mayHaveArrived(one: Transmission): boolean {
  return (
    one.accepted ||
    one.answer === 'lost' ||
    one.answer === 'open' ||
    (one.answer === 'heard' && one.sender.dead)
  );
}
