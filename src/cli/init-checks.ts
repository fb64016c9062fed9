import * as field from '../config/fields.ts';
import { tokenIn } from './import-cells.ts';
import type { Check } from './init-questions.ts';

// What an answer has to be, in the words of the configuration itself: it is written there as it was typed.

interface Schema {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
}

function by(schema: Schema): Check {
  return (answer) => tokenIn(answer) ?? schema.safeParse(answer).error?.issues[0]?.message;
}

/** Takes nothing at all, too. */
export function orNothing(check: Check): Check {
  return (answer) => (answer === '' ? undefined : check(answer));
}

const repository = by(field.repo);

export const CHECKS = {
  ownerName: by(field.ownerName),
  email: by(field.mailAddress),
  timezone: by(field.timezone),
  sender: by(field.sender),
  address: by(field.url('https://github.example.org/api/v3')),
  tokenFile: by(field.file('/run/secrets/github_seal_token')),
  mailFile: by(field.file('/run/secrets/smtp_url')),
  repository,
  environment: by(field.environmentName),
  secret: by(field.secretName),
  /** `owner/name`, or an owner alone. */
  ownerOrRepository: (answer) => repository(answer.includes('/') ? answer : `${answer}/any`),
} as const satisfies Readonly<Record<string, Check>>;
