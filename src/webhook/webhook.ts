import { AppError, describeError } from '../domain/error.ts';
import type { Channel, DeliveryOutcome } from '../remind/reminder.ts';
import { parseAddress } from './address.ts';
import type { Caller, CallResult } from './call.ts';
import { call } from './call.ts';
import { asJson } from './json.ts';
import { asSlack } from './slack.ts';

export interface Webhook {
  /** Reads the secret file, anew for each call: a changed address needs no restart. @throws AppError */
  readonly url: () => string;
  readonly format: 'json' | 'slack';
}

export interface WebhookOptions extends Caller {
  /** By the name that the configuration gives it. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
  /** 20 seconds when absent. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 20_000;

/** Reminders as one POST each. The recipient is the webhook's name. */
export function openWebhooks(options: WebhookOptions): Channel {
  return {
    name: 'webhook',
    render: async (draft) => {
      const { format } = find(options, draft.recipient);
      const id = draft.messageId.replace(/^<|>$/g, '');
      return Buffer.from(JSON.stringify(format === 'slack' ? asSlack(draft, id) : asJson(draft, id)));
    },
    send: async (recipient, payload, onData) => {
      let url: URL;
      try {
        url = parseAddress(find(options, recipient).url(), `the address of the webhook "${recipient}"`);
        onData();
      } catch (error) {
        return { kind: 'not-sent', reason: describeError(error) };
      }
      const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
      const headers = { 'content-type': 'application/json', ...idempotencyKey(payload) };
      const result = await call(options, { url, method: 'POST', headers, body: payload, deadlineMs });
      return judge(result, recipient, url.host);
    },
    close: () => undefined,
  };
}

function find({ webhooks }: WebhookOptions, name: string): Webhook {
  const webhook = webhooks.get(name);
  if (webhook) return webhook;
  throw new AppError('invalid_config', `no webhook "${name}" is configured any more`, {
    hints: ['put it back under "webhooks", or let the reminders go that still wait for it'],
  });
}

/** Every try carries the same key (IETF draft-ietf-httpapi-idempotency-key-header), since it carries the same bytes. */
function idempotencyKey(payload: Uint8Array): { readonly 'idempotency-key'?: string } {
  const body = JSON.parse(Buffer.from(payload).toString('utf8')) as {
    readonly id?: string;
    readonly blocks?: readonly { readonly block_id?: string }[];
  };
  const id = body.id ?? body.blocks?.[0]?.block_id;
  return id === undefined ? {} : { 'idempotency-key': id };
}

/** Answers that may be others in a while. A gateway's 502 and 504 are no answer: what stands behind it may have taken it. */
const PASSING = [408, 425, 429];
const GATEWAY = [502, 504];

function judge(result: CallResult, name: string, host: string): DeliveryOutcome {
  if (result.kind !== 'answered') {
    const kind = result.kind === 'lost' ? 'unclear' : 'not-sent';
    return { kind, reason: `the webhook "${name}" at ${result.reason}` };
  }
  const { status: code } = result;
  if (code >= 200 && code < 300) return { kind: 'accepted', code };
  const reason = `the webhook "${name}" at ${host} answered ${code}`;
  if (GATEWAY.includes(code)) return { kind: 'unclear', reason };
  const permanent = code < 500 && !PASSING.includes(code);
  return { kind: 'refused', permanent, code, reason, ...(code === 413 ? { tooLarge: true } : {}) };
}
