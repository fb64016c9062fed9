import fc from 'fast-check';
import type { AddressObject, ParsedMail } from 'mailparser';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import type { Sender } from '../../src/domain/address.ts';
import { openMail } from '../../src/mail/smtp.ts';
import type { Draft } from '../../src/remind/reminder.ts';
import { NOW, SEED } from '../support/builders.ts';
import { aDraft } from '../support/sending.ts';

const DRAFT = aDraft();
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

  it('writes plain text that no client reflows', async () => {
    const text = `${'words of a long line '.repeat(20)}\n  reseal rotate crates-io\n-- \nreseal\n`;
    const mail = await render({ text });
    expect(mail).not.toMatch(/format=/i);
    expect((await simpleParser(mail)).text).toBe(text);
  });

  describe('when there are dates', () => {
    const CALENDAR = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'METHOD:PUBLISH',
      'BEGIN:VEVENT',
      'UID:crates-io-1@example.org',
      'SUMMARY:crates-io expires – é',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');

    it('carries the calendar beside text and HTML, and as a file', async () => {
      const mail = await simpleParser(await render({ calendar: CALENDAR }));
      expect(mail).toMatchObject({ text: DRAFT.text.replaceAll('\r', ''), html: DRAFT.html });
      const parts = mail.attachments.map(({ contentType, filename, content }) => [
        contentType,
        filename,
        content.toString(),
      ]);
      expect(parts).toEqual([
        ['text/calendar', undefined, CALENDAR],
        ['application/ics', 'expiry.ics', CALENDAR],
      ]);
    });

    it('names the method in the type (RFC 6047), and offers the calendar after the HTML', async () => {
      const mail = await render({ calendar: CALENDAR });
      const types = [...mail.matchAll(/^Content-Type: ([^\r]+)/gm)].map(([, type]) => type?.split(/;$/)[0]);
      expect(types).toEqual([
        expect.stringContaining('multipart/mixed'),
        'multipart/alternative',
        'text/plain; charset=utf-8',
        'text/html; charset=utf-8',
        'text/calendar; charset=utf-8; method=PUBLISH',
        'application/ics; name=expiry.ics',
      ]);
    });

    it('writes the same headers as without', async () => {
      expect([...headersOf(await render({ calendar: CALENDAR }))].sort()).toEqual([...HEADERS].sort());
    });
  });

  describe('when a text holds what headers are made of', () => {
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

    it.each(EVIL)('E19: makes no header of the subject %j', async (subject) => {
      const mail = await render({ subject });
      expect([...headersOf(mail)].sort()).toEqual([...HEADERS].sort());
      expect(recipientsOf(await simpleParser(mail))).toEqual([DRAFT.recipient]);
    });

    it.each(EVIL)("E19: makes no header of the sender's name %j", async (name) => {
      const mail = await render({}, { name });
      expect([...headersOf(mail)].sort()).toEqual([...HEADERS].sort());
      const parsed = await simpleParser(mail);
      expect(recipientsOf(parsed)).toEqual([DRAFT.recipient]);
      expect(parsed.from?.value.map(({ address }) => address)).toEqual(['reseal@example.org']);
    });

    it.each(EVIL)('E19: makes no header of the text %j', async (text) => {
      expect([...headersOf(await render({ text, html: text }))].sort()).toEqual([...HEADERS].sort());
    });

    it('E19: has the same headers and the one recipient, whatever subject, name and texts hold (I21)', async () => {
      const hostile = fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\r\nBcc: evil@example.org',
        '\u202e',
        '\u200f',
        '🔑',
        '"',
        '<',
        '>',
        ',',
      );
      const any = fc
        .array(
          fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'grapheme' })),
        )
        .map((parts) => parts.join(''));
      const long = fc
        .tuple(any, fc.constantFrom('x', 'é', '🔑', 'x '))
        .map(([start, unit]) => start + unit.repeat(1_000));
      const text = fc.oneof(any, long);
      // A subject of nothing but white space has no header at all; ours always starts with a word.
      const subjects = text.filter((subject) => subject.trim() !== '');
      await fc.assert(
        fc.asyncProperty(subjects, text, text, async (subject, name, words) => {
          const mail = await render({ subject, text: words, html: words }, { name });
          expect([...headersOf(mail)].sort()).toEqual([...HEADERS].sort());
          const parsed = await simpleParser(mail);
          expect([...parsed.headers.keys()].sort()).toEqual(
            HEADERS.map((header) => header.toLowerCase()).sort(),
          );
          expect(recipientsOf(parsed)).toEqual([DRAFT.recipient]);
          expect(parsed.from?.value.map(({ address }) => address)).toEqual(['reseal@example.org']);
          expect(parsed.messageId).toBe(DRAFT.messageId);
        }),
        { numRuns: 300, seed: SEED },
      );
    });

    it.each([
      '🔑 crates-io läuft ab',
      'تنتهي crates-io',
      `${'🔑 '.repeat(499)}x`,
      `crates-io ${'é'.repeat(990)}`,
    ])('E19: keeps the subject %j readable', async (subject) => {
      expect((await simpleParser(await render({ subject }))).subject).toBe(subject);
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
