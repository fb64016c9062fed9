import { formatForPeople, formatInstant } from '../domain/calendar.ts';
import { formatDestination } from '../domain/credential.ts';
import { describeSource } from '../domain/expiry.ts';
import type { RotationCard, RotationResult, StepReport } from '../rotate/rotation.ts';
import type { Output } from './output.ts';

/** What `rotate` says on the way: lines of JSON for programs, sentences on stderr for people. */
export function reportStep(out: Output, step: StepReport): void {
  if (out.json) out.resultJson(step);
  else if (step.step !== 'form') {
    const of = step.progress ? `${step.progress.done}/${step.progress.total} `.padStart(8) : '';
    const place = step.destination ? ` ${step.destination}` : '';
    const detail = step.detail ? ` (${step.detail})` : '';
    out.talk(`${step.step.padEnd(10)}${of}${step.outcome}${place}${detail}`);
  }
}

/** Where the token will go and at which hosts, before anybody is asked for it. */
export function showCard(out: Output, card: RotationCard): void {
  out.talk('');
  out.talk(`${card.credential}: ${card.kindTitle}${card.purpose ? `, ${card.purpose}` : ''}`);
  for (const { destination, host, updatedAt } of card.destinations) {
    const now = updatedAt ? `last changed ${formatForPeople(updatedAt)}` : 'will be created';
    out.talk(`  goes to  ${formatDestination(destination)} at ${host} (${now})`);
  }
  if (card.destinations.length === 0)
    out.talk('  goes to  nowhere: no destination is declared, so that its date is recorded, and that is all');
  if (card.encoding) out.talk(`  encoded  ${card.encoding}`);
  for (const host of card.unusualHosts) out.talk(`  NOTE     ${host}`);
  if (card.onlyMissing) {
    const { version, already } = card.onlyMissing;
    for (const place of already) out.talk(`  has it   ${formatDestination(place)}`);
    out.talk(`  paste the SAME token again, the one of version ${version}: any other is refused`);
    out.talk(`  expiry   ${card.statedExpiry}`);
  }
  if (card.alarm) showAlarm(out, card.alarm);
}

/** What to do beside the rotation, in the order of the harm. */
function showAlarm(out: Output, { standing, steps }: NonNullable<RotationCard['alarm']>): void {
  out.talk('');
  out.talk(
    out.style(
      'bold',
      standing === 'leaked' ? 'This credential has leaked. In this order:' : 'This credential is revoked.',
    ),
  );
  steps.forEach(({ text, link }, index) => {
    const number = steps.length > 1 ? `${index + 1}. ` : '';
    out.talk(`  ${number}${text}`);
    if (link) out.talk(`     ${link}`);
  });
}

/** The address stands alone on a line of stdout; what surrounds it is talk. */
export function showAddress(
  out: Output,
  card: RotationCard,
  form: { readonly address: string; readonly publicPort: number },
): void {
  const { publicPort: port } = form;
  const { hostname } = new URL(form.address);
  if (out.json) {
    out.resultJson({
      step: 'form',
      credential: card.credential,
      outcome: 'open',
      address: form.address,
      code: card.code,
    });
    return;
  }
  out.talk('');
  out.talk(
    `open this address in a browser on this machine; the page shows the code ${out.style('bold', card.code)}`,
  );
  out.talk('');
  out.result(form.address);
  out.talk('');
  out.talk(
    `from another machine:  ssh -N -L ${port}:${hostname}:${port} THIS-HOST   then open the same address there`,
  );
  out.talk('without a browser:     stop this with Ctrl-C and add --stdin');
  out.talk('');
}

export function showResult(out: Output, credential: string, result: RotationResult): void {
  const expiresAt = result.expiry?.kind === 'known' ? formatInstant(result.expiry.at) : null;
  if (out.json) {
    const { outcome, version, reasons, next, says, warnings } = result;
    out.resultJson({
      step: 'result',
      credential,
      outcome,
      ...(version === undefined
        ? {}
        : { version, expiresAt, expirySource: result.expiry?.source ?? 'unknown' }),
      ...(reasons ? { reasons } : {}),
      ...(next ? { next } : {}),
      ...(says ? { says } : {}),
      ...(warnings ? { warnings } : {}),
    });
    return;
  }
  out.result(`${credential}: ${summary(result)}`);
  for (const reason of result.reasons ?? []) out.result(`  ${reason}`);
  for (const { label, text } of result.says ?? []) out.talk(`  ${label}: ${text}`);
  for (const warning of result.warnings ?? []) out.talk(`warning: ${warning}`);
  for (const hint of result.next ?? []) out.hint(hint);
}

function summary({ outcome, version, expiry, destinationless }: RotationResult): string {
  const until = expiry?.kind === 'known' ? `expires ${formatForPeople(expiry.at)}` : 'without expiry';
  const how = expiry ? ` (${describeSource(expiry.source)})` : '';
  switch (outcome) {
    case 'recorded':
      return destinationless
        ? `recorded as version ${version}, ${until}${how}; no destination is declared, so that nothing was stored`
        : `recorded as version ${version}, ${until}${how}; GitHub shows that a write landed, never which value`;
    case 'partial':
      return `stored at some destinations only, as version ${version}, ${until}${how}`;
    case 'rejected':
      return 'refused; nothing was stored';
    case 'failed':
      return 'failed; nothing was stored';
    case 'unconfirmed':
      return 'unconfirmed: the new token may be in GitHub';
    case 'abandoned':
      return 'abandoned; nothing was stored';
  }
}
