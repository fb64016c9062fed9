import { afterEach, describe, expect, it } from 'vitest';
import type { SubmitOutcome } from '../../src/rotate/rotation.ts';
import type { TestForm } from '../support/form.ts';
import {
  formBody,
  load,
  NO_FILE,
  openTestForm,
  partsHeaders,
  partsText,
  RECORDED,
  submit,
  submitHeaders,
  submitParts,
  TOKEN,
} from '../support/form.ts';
import {
  ANY_CARD,
  CERTIFICATE_CARD,
  DATES_CARD,
  INCONCLUSIVE,
  OBSERVED_CARD,
  REFUSED,
  TEXT_CARD,
} from '../support/form-states.ts';
import { exchange, requestText } from '../support/raw-http.ts';

const LIMIT = 49_152;
const FILE = { name: 'nobody@example.com.p12', content: Buffer.from(`\0${TOKEN}\r\n `) };

const opened: TestForm[] = [];

async function open(...[answers, overrides]: Parameters<typeof openTestForm>): Promise<TestForm> {
  const form = await openTestForm(answers, { maxTokenBytes: LIMIT, ...overrides });
  opened.push(form);
  return form;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((form) => form.cancel()));
});

function refusedFor(field: 'password' | 'expiration'): SubmitOutcome {
  return { kind: 'refused', reasons: ['a reason'], mayStoreUnchecked: false, field };
}

/** So many of them, of every value. */
function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_unused, at) => (at * 31 + (at >> 8)) % 256));
}

describe('openForm, with a file to choose', () => {
  describe('when a file is sent', () => {
    it('hands over its bytes, the password and that the expiry is found, and wipes both', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const answer = await submitParts(form, { file: FILE, password: ' pass word ' });
      expect(answer.body).toContain('Stored and recorded');
      const [received] = form.received;
      expect(received).toMatchObject({ bytes: FILE.content, password: ' pass word ' });
      expect(received?.submission).toMatchObject({ expiration: { kind: 'found' }, unchecked: false });
      for (const secret of [received?.submission.token, received?.submission.password])
        expect(secret?.reveal().every((byte) => byte === 0)).toBe(true);
    });

    it('hands over no password where the field was left empty', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      await submitParts(form, { file: FILE, password: '' });
      expect(form.received[0]?.submission.password).toBeUndefined();
    });

    it('takes 48 KB of any bytes, byte for byte', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const content = bytes(LIMIT);
      await submitParts(form, { file: { name: 'large', content }, password: 'p'.repeat(1_024) });
      expect(form.received[0]?.bytes.equals(content)).toBe(true);
    });

    it('shows nothing of the file, its name or its password, whatever becomes of it', async () => {
      const form = await open([() => REFUSED, () => RECORDED], { card: CERTIFICATE_CARD });
      const fields = { file: FILE, password: 'pass-CANARY' };
      const wires = [
        await submitParts(form, fields),
        await submitParts(form, { ...fields, expiration: '7d' }),
        await submitParts(form, fields),
      ].map(({ wire }) => wire);
      expect(wires.join()).not.toMatch(/CANARY|nobody@example|cioAb3/);
      expect(form.warnings).toEqual([]);
    });

    it('keeps a text as it is, with its last line break', async () => {
      const form = await open([], { card: TEXT_CARD });
      const content = Buffer.from('-----BEGIN X-----\n  a\n-----END X-----\n');
      await submitParts(form, { file: { name: 'a', content }, expiration: '365d', 'expires-on': '' });
      expect(form.received[0]?.bytes).toEqual(content);
    });
  });

  describe('when it may be a line or a file', () => {
    const rest = { expiration: 'never', 'expires-on': '' };

    it('takes the one that is filled in', async () => {
      const line = await open([], { card: ANY_CARD });
      await submitParts(line, { token: ` ${TOKEN} `, file: NO_FILE, ...rest });
      expect(line.received[0]?.token).toBe(TOKEN);
      const file = await open([], { card: ANY_CARD });
      await submitParts(file, { token: '', file: FILE, ...rest });
      expect(file.received[0]?.bytes).toEqual(FILE.content);
    });

    it.each([
      ['cio x\n', 'cio x'],
      ['cio\r\n', 'cio'],
      ['cio\n\n', 'cio\n\n'],
      [' cio ', ' cio '],
      ['a\nb\n', 'a\nb\n'],
      ['a\0\n', 'a\0\n'],
    ])('takes the file %j as %j: of one line, without what ends it', async (text, taken) => {
      const form = await open([], { card: ANY_CARD });
      await submitParts(form, { token: '', file: { name: 'a', content: Buffer.from(text) }, ...rest });
      expect(form.received[0]?.token).toBe(taken);
    });

    it.each([
      ['both', { token: TOKEN, file: FILE }, 'Something was pasted and a file was chosen'],
      ['neither', { token: ' ', file: NO_FILE }, 'Nothing was pasted, and no file was chosen'],
    ])('asks again for %s', async (_what, fields, words) => {
      const form = await open([], { card: ANY_CARD });
      const answer = await submitParts(form, { ...fields, ...rest });
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(`<a href="#token">${words}`);
      expect(answer.body).toContain('Both fields were emptied');
      expect(form.received).toEqual([]);
    });
  });

  describe('when the file cannot be taken', () => {
    it.each([
      ['none was chosen', NO_FILE, 'No file was chosen'],
      ['it is empty', { name: 'a', content: new Uint8Array() }, 'holds nothing, or a line break alone'],
      [
        'it is one byte too long',
        { name: 'a', content: bytes(LIMIT + 1) },
        'The file is 49153 bytes long, and no more than 49152',
      ],
    ])('says so where %s', async (_what, file, words) => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const answer = await submitParts(form, { file, password: '' });
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(words);
      expect(answer.body).toContain('href="#file"');
      expect(answer.body).toContain(
        'The file field was emptied: choose the file once more, with its password',
      );
      expect(form.received).toEqual([]);
    });

    it('says so of a password of 1025 bytes', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const answer = await submitParts(form, { file: FILE, password: 'p'.repeat(1_025) });
      expect(answer.status).toBe(422);
      expect(answer.body).toContain('<a href="#password">The password is longer than 1024 bytes');
    });

    it('says so, without a look at it, of one of eight megabytes', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const answer = await submitParts(form, {
        file: { name: 'a', content: Buffer.alloc(8_388_608) },
        password: '',
      });
      expect(answer.status).toBe(413);
      expect(answer.body).toContain('longer than anything that can be stored, which is 49152 bytes at most');
      expect((await load(form)).status).toBe(200);
      expect(form.received).toEqual([]);
    });

    it('says so by its announced length alone of a disk image', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const headers = partsHeaders(form, '').map(([name, value]) =>
        name === 'Content-Length' ? ([name, String(65 * 1_048_576)] as const) : ([name, value] as const),
      );
      const answer = await exchange(form.port, requestText(`POST ${form.path} HTTP/1.1`, headers));
      expect([answer.status, answer.body]).toEqual([413, expect.stringContaining('Too long')]);
      expect(answer.body).toContain('which is 49152 bytes at most');
      expect((await load(form)).status).toBe(200);
    });

    it.each(['password', 'expiration'] as const)('links what was refused to the field %s', async (field) => {
      const form = await open([() => refusedFor(field)], { card: CERTIFICATE_CARD });
      const { body } = await submitParts(form, { file: FILE, password: 'p' });
      expect(body).toContain(`<a href="#${field}">a reason</a>`);
      expect(body).toMatch(new RegExp(` id="${field}"`));
    });

    it('links what was refused to the file where nothing else is said', async () => {
      const form = await open([() => REFUSED], { card: CERTIFICATE_CARD });
      expect((await submitParts(form, { file: FILE, password: '' })).body).toContain(
        '<a href="#file">crates.io',
      );
    });
  });

  describe('I17: when a body is not what its page sends', () => {
    it('answers 415 to fields alone, and to a file where none is asked for', async () => {
      const file = await open([], { card: TEXT_CARD });
      const fields = formBody(file);
      const post = `POST ${file.path} HTTP/1.1`;
      expect((await exchange(file.port, requestText(post, submitHeaders(file, fields), fields))).status).toBe(
        415,
      );
      const line = await open([]);
      expect((await submitParts(line, { token: TOKEN, expiration: '365d', 'expires-on': '' })).status).toBe(
        415,
      );
      expect([...file.received, ...line.received]).toEqual([]);
      expect((await submit(line)).status).toBe(200);
    });

    it('takes none of one that was cut short and whose length says so, wherever it was cut', async () => {
      const answers: number[] = [];
      const whole = await open([], { card: CERTIFICATE_CARD });
      const body = partsText([
        ['file', FILE],
        ['password', ''],
        ['nonce', whole.nonce],
      ]);
      for (let at = body.length - 2; at > 0; at -= 7) {
        const form = await open([], { card: CERTIFICATE_CARD });
        const short = body.slice(0, at);
        const text = requestText(`POST ${form.path} HTTP/1.1`, partsHeaders(form, short), short);
        answers.push((await exchange(form.port, text)).status);
        expect(form.received).toEqual([]);
      }
      expect(new Set(answers)).toEqual(new Set([400]));
    });

    it('answers 403 to another nonce, and stays open', async () => {
      const form = await open([], { card: CERTIFICATE_CARD });
      const other = { ...form, nonce: 'A'.repeat(43) };
      expect((await submitParts(other, { file: FILE, password: '' })).status).toBe(403);
      expect((await submitParts(form, { file: FILE, password: '' })).status).toBe(200);
    });
  });

  describe('when its issuer says the expiry, and could not be asked', () => {
    it('asks for it only then, and wants it for what is stored without the check', async () => {
      const form = await open([() => INCONCLUSIVE, () => RECORDED], { card: OBSERVED_CARD });
      const fields = { expiration: undefined, 'expires-on': undefined };
      expect((await load(form)).body).not.toContain('name="expiration"');
      const offered = await submit(form, fields);
      expect(offered.body).toContain('name="expiration"');
      const asked = await submit(form, { ...fields, 'expires-on': '', unchecked: 'yes' });
      expect(asked.status).toBe(422);
      expect(asked.body).toContain('GitHub has not said it');
      await submit(form, { expiration: '90d', unchecked: 'yes' });
      expect(form.received.map(({ submission }) => submission.expiration)).toEqual([
        { kind: 'found' },
        { kind: 'days', days: 90 },
      ]);
    });

    it('leaves it to the check where that is made again', async () => {
      const form = await open([() => INCONCLUSIVE, () => RECORDED], { card: OBSERVED_CARD });
      await submit(form, { expiration: undefined, 'expires-on': undefined });
      await submit(form, { expiration: undefined });
      expect(form.received[1]?.submission.expiration).toEqual({ kind: 'found' });
    });
  });

  describe('when nobody has said the expiry', () => {
    it('asks for it from then on, and hands the answer over', async () => {
      const form = await open([() => refusedFor('expiration'), () => RECORDED], { card: CERTIFICATE_CARD });
      const fields = { file: FILE, password: '' };
      const asked = await submitParts(form, fields);
      expect(asked.body).toMatch(/value="date" required/);
      expect(asked.body).toContain('Say here when it ends');
      expect((await load(form)).body).toContain('name="expiration"');
      await submitParts(form, { ...fields, expiration: 'date', 'expires-on': '2027-06-01' });
      expect(form.received[1]?.submission.expiration).toEqual({ kind: 'date', date: '2027-06-01' });
    });
  });

  describe('when it is stored nowhere', () => {
    it('says so before and after, and never that it was stored', async () => {
      const form = await open([() => REFUSED, () => RECORDED], { card: DATES_CARD });
      const { body } = await load(form);
      expect(body).toContain('only its dates are remembered');
      const fields = { file: FILE, password: '' };
      const refused = await submitParts(form, fields);
      expect(refused.body).toContain('Not recorded yet');
      const recorded = await submitParts(form, fields);
      expect(recorded.body).toContain('It was stored nowhere');
      const said = [body, refused.body, recorded.body].join().replace(/<style>[\s\S]*?<\/style>/g, '');
      expect(said).not.toMatch(/GitHub|seal and store|Stored and recorded|Storing/);
    });
  });
});
