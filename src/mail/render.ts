import type { Sender } from '../domain/address.ts';
import type { Draft } from '../remind/reminder.ts';

/** One mail as it goes over the wire: text and HTML, and where there are dates, a calendar that clients can take them from. */
export async function renderMail(draft: Draft, from: Sender): Promise<Uint8Array> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const mail = new MailComposer({
    from: { name: from.name ?? '', address: from.address },
    to: { name: '', address: draft.recipient },
    subject: draft.subject,
    date: draft.at,
    messageId: draft.messageId,
    text: draft.text,
    html: draft.html,
    // As `text/calendar` beside text and HTML (shown by clients with a calendar) and as a file (for all others). RFC 6047 §2.4:
    // the method stands in the content type and, the same, in the object.
    ...(draft.calendar !== undefined && {
      icalEvent: { method: 'PUBLISH', filename: 'expiry.ics', content: draft.calendar },
    }),
    // RFC 3834 §5: keeps out-of-office answers away.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return mail.compile().build();
}
