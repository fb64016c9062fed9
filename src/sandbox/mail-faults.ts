/** Where in the conversation; `dot` is after the final dot, before its reply. */
export type MailStage = 'greeting' | 'auth' | 'mail' | 'recipient' | 'data' | 'body' | 'dot';

/** A fault goes off once unless `times` says otherwise. */
export type MailFault = {
  readonly at: MailStage;
  /** Only for this recipient (at `recipient`), or for a mail that has it (later stages). */
  readonly recipient?: string;
  readonly times?: number;
  /** At `dot`: whether the message was taken although the client never hears so. */
  readonly accepted?: boolean;
  /** At `body`: how many bytes to take first; 1 when absent. */
  readonly afterBytes?: number;
} & (
  | { readonly action: 'reply'; readonly code: number; readonly text?: string }
  | { readonly action: 'hang' }
  | { readonly action: 'close' }
  | { readonly action: 'reset' }
);

export interface MailFaultControl {
  readonly hits: number;
  cancel(): void;
}

export interface Envelope {
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface MailFaultQueue {
  add(fault: MailFault): MailFaultControl;
  /** Looks without using it up. */
  peek(at: MailStage, recipients: readonly string[]): MailFault | undefined;
  take(at: MailStage, recipients: readonly string[]): MailFault | undefined;
}

export function mailFaultQueue(): MailFaultQueue {
  const armed: { readonly fault: MailFault; left: number; hits: number }[] = [];
  function find(at: MailStage, recipients: readonly string[]) {
    return armed.find(
      ({ fault, left }) =>
        left > 0 && fault.at === at && (fault.recipient === undefined || has(recipients, fault.recipient)),
    );
  }
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? 1, hits: 0 };
      armed.push(entry);
      return {
        get hits() {
          return entry.hits;
        },
        cancel: () => {
          entry.left = 0;
        },
      };
    },
    peek: (at, recipients) => find(at, recipients)?.fault,
    take(at, recipients) {
      const entry = find(at, recipients);
      if (entry === undefined) return undefined;
      entry.left -= 1;
      entry.hits += 1;
      return entry.fault;
    },
  };
}

function has(recipients: readonly string[], wanted: string): boolean {
  return recipients.some((recipient) => recipient.toLowerCase() === wanted.toLowerCase());
}
