import type { AddressObject, ParsedMail } from 'mailparser';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import type { Sender } from '../../src/domain/address.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { Draft } from '../../src/remind/reminder.ts';
import { NOW } from '../support/builders.ts';

const DRAFT: Draft = {
  messageId: '<mfrggzdfmztwq2lknnwg23tp@example.org>',
  recipient: 'ada@example.org',
  at: NOW,
  subject: 'crates-io expires in 14 days',
  text: 'It expires.\r\n\r\nRun:\r\nreseal rotate crates-io\r\n',
  html: '<p>It expires.</p>',
};
const HEADERS = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'Auto-Submitted',
  'MIME-Version',
  'Content-Type',
];

async function render(draft: Partial<Draft> = {}, from: Partial<Sender> = {}): Promise<string> {
  const channel = openMail({
    from: { name: 'reseal', address: 'reseal@example.org', ...from },
    server: () => {
      throw new Error('rendering needs no server');
    },
  });
  return Buffer.from(await channel.render({ ...DRAFT, ...draft })).toString('latin1');
}

/** Names of the top headers, sorted. */
function headersOf(mail: string): readonly string[] {
  const head = mail.slice(0, mail.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return head.split('\r\n').map((line) => line.slice(0, line.indexOf(':')));
}

function recipientsOf(mail: ParsedMail): readonly (string | undefined)[] {
  const list = (value: AddressObject | AddressObject[] | undefined) => [value ?? []].flat();
  return [...list(mail.to), ...list(mail.cc), ...list(mail.bcc)].flatMap(({ value }) =>
    value.map(({ address }) => address),
  );
}

describe('render', () => {
  it('makes a mail with text, HTML, the given Message-ID and date, and one recipient', async () => {
    const mail = await simpleParser(await render());
    expect(mail).toMatchObject({
      subject: DRAFT.subject,
      messageId: DRAFT.messageId,
      date: NOW,
      text: 'It expires.\n\nRun:\nreseal rotate crates-io\n',
      html: '<p>It expires.</p>',
      from: { value: [{ name: 'reseal', address: 'reseal@example.org' }] },
      attachments: [],
    });
    expect(recipientsOf(mail)).toEqual([DRAFT.recipient]);
  });

  it('asks for no out-of-office answer', async () => {
    expect((await simpleParser(await render())).headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('writes just the headers that are needed, each once', async () => {
    expect([...headersOf(await render())].sort()).toEqual([...HEADERS].sort());
  });

  it('writes seven-bit lines of at most 998 characters with CRLF (RFC 5321)', async () => {
    const mail = await render({ text: `${'é'.repeat(5_000)}\nnext`, html: `<p>${'x'.repeat(5_000)}</p>` });
    expect(mail).toMatch(/^[\r\n\t\x20-\x7e]*$/);
    expect(mail.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...mail.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(998);
    expect((await simpleParser(mail)).text).toContain('é'.repeat(5_000));
  });

  describe('when a text holds what headers are made of (I21, E19)', () => {
    const EVIL = [
      'due\r\nBcc: evil@example.org',
      'due\nTo: evil@example.org\n\nbody',
      'due\rSubject: other',
      'due\u0000\u202e\u2028evil',
      `due ${'=?utf-8?Q?=0D=0ABcc:evil@example.org?='}`,
      '🔑'.repeat(300),
      'x'.repeat(2_000),
      '"quotes", <angles>; and: (comments) \\',
    ];

    it.each(EVIL)('makes no header of the subject %j', async (subject) => {
      const mail = await render({ subject });
      expect([...headersOf(mail)].sort()).toEqual([...HEADERS].sort());
      expect(recipientsOf(await simpleParser(mail))).toEqual([DRAFT.recipient]);
    });

    it.each(EVIL)("makes no header of the sender's name %j", async (name) => {
      const mail = await render({}, { name });
      expect([...headersOf(mail)].sort()).toEqual([...HEADERS].sort());
      const parsed = await simpleParser(mail);
      expect(recipientsOf(parsed)).toEqual([DRAFT.recipient]);
      expect(parsed.from?.value.map(({ address }) => address)).toEqual(['reseal@example.org']);
    });

    it.each(EVIL)('makes no header of the text %j', async (text) => {
      expect([...headersOf(await render({ text, html: text }))].sort()).toEqual([...HEADERS].sort());
    });

    it.each([
      'ada@example.org\r\nBcc: evil@example.org',
      'ada@example.org>, <evil@example.org',
      'ada@example.org, evil@example.org',
    ])('makes no second recipient of %j (T8)', async (recipient) => {
      const parsed = await simpleParser(await render({ recipient }));
      expect(parsed.bcc).toBeUndefined();
      expect(recipientsOf(parsed)).not.toContain('evil@example.org');
    });
  });
});
