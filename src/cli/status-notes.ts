import { findKind } from '../kinds/catalogue.ts';
import type { CredentialStatus } from '../register/status.ts';
import { leftBehind } from '../register/status.ts';
import type { Output } from './output.ts';

/** What a person should know of a credential beside its row, with what to do about it: nothing for most. */
export function notesOn(out: Output, status: CredentialStatus): readonly string[] {
  const { name, unsettled, retiredAt, baseline, changed } = status;
  const lines: string[] = [];
  if (changed) {
    lines.push(
      `\n${out.style('red', 'changed')}  ${name}: ${changed}`,
      `  → find out whose it is; then: reseal confirm ${name} --stored --expires DATE, or store a new one: reseal rotate ${name}`,
    );
  }
  if (unsettled) {
    lines.push(
      `\n${out.style('red', 'unconfirmed')}  ${name}: ${unsettled}`,
      `  → reseal confirm ${name} --stored --expires DATE, or --not-stored; or rotate again`,
    );
  }
  lines.push(...leftOver(out, status));
  if (retiredAt) lines.push(`\n${out.style('dim', 'retired')}  ${name}: no reminders come`);
  else if (baseline) {
    lines.push(
      `\n${out.style('yellow', 'check the date')}  ${name}: ${baseline}`,
      `  → if another token is in use: reseal record ${name} --expires DATE, as its issuer shows it`,
    );
  }
  return [...lines, ...beyondRules(out, status)];
}

/** A whole block of the file may be gone, so that only the first are named. */
const MOST_NAMED = 20;

/** What is no longer in the configuration, and is reminded of all the same. */
export function notesOnUndeclared(out: Output, names: readonly string[]): readonly string[] {
  const label = out.style('yellow', 'not declared');
  if (names.length <= MOST_NAMED)
    return names.map((name) => `\n${label}  ${name} is no longer in the configuration; its reminders go on`);
  return [
    `\n${label}  ${names.length} credentials are no longer in the configuration; their reminders go on: ${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`,
    '  → put them back into the file, or end the reminders of each: reseal retire NAME',
  ];
}

/** What a rotation has left to do: places that still hold the older token, and the old token at its issuer. */
function leftOver(out: Output, status: CredentialStatus): readonly string[] {
  const { name, oldTokens, destinations, kind } = status;
  const behind = leftBehind(status);
  const missing = destinations.filter(({ state }) => state === 'missing');
  const lines: string[] = [];
  if (behind.length + missing.length > 0) {
    const count = behind.length + missing.length;
    lines.push(
      `\n${out.style('red', 'not everywhere')}  ${name}: ${count} of ${destinations.length} destinations do not hold version ${status.version}`,
      `  → reseal rotate ${name} --only-missing, with the same token; or a new one everywhere: reseal rotate ${name}`,
    );
  }
  for (const { version, expiresAt, standing } of oldTokens) {
    const until = expiresAt ? ` until ${expiresAt.slice(0, 10)}` : '';
    const page = findKind(kind)?.pages?.revoke;
    lines.push(
      `\n${out.style(standing === 'leaked' ? 'red' : 'yellow', 'old token')}  ${name}: version ${version}${standing === 'leaked' ? ', which has leaked,' : ''} still lives at ${findKind(kind)?.issuer ?? 'its issuer'}${until}`,
      `  → revoke it${page ? ` at ${page}` : ''}, then: reseal confirm ${name} --old-revoked`,
    );
  }
  return lines;
}

/** Where a rule of the issuer ends it before the date that somebody has written down. */
function beyondRules(
  out: Output,
  { name, kind, createdAt, beyondRules }: CredentialStatus,
): readonly string[] {
  const page = findKind(kind)?.pages?.renew ?? 'where it was issued';
  // When it was made decides which rule holds.
  const dates = createdAt ? '--expires DATE' : '--created DATE --expires DATE';
  return beyondRules.flatMap(({ text, advice, partial }) => [
    `\n${out.style(partial ? 'yellow' : 'red', "issuer's rule")}  ${name}: ${text}`,
    ...(advice ? [`  → ${advice}`] : []),
    `  → look at ${page}; if another date is shown there: reseal record ${name} ${dates}`,
  ]);
}
