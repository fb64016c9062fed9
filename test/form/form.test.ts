import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { StepReport, SubmitOutcome } from '../../src/rotate/rotation.ts';
import type { TestForm } from '../support/form.ts';
import {
  buildCard,
  formBody,
  load,
  openTestForm,
  RECORDED,
  step,
  submit,
  submitHeaders,
  TOKEN,
} from '../support/form.ts';
import { accepts, openSocket, parseAnswer, readAll, requestText } from '../support/raw-http.ts';

const REFUSED: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io does not know this token'],
  mayStoreUnchecked: false,
};
const INCONCLUSIVE: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io answered 503'],
  mayStoreUnchecked: true,
};

const opened: TestForm[] = [];

async function open(...settings: Parameters<typeof openTestForm>): Promise<TestForm> {
  const form = await openTestForm(...settings);
  opened.push(form);
  return form;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((form) => form.cancel()));
});

/** A `submit` that is held until the test lets it go on. */
function held() {
  const started = Promise.withResolvers<(report: StepReport) => void>();
  const outcome = Promise.withResolvers<SubmitOutcome>();
  return {
    started: started.promise,
    settle: outcome.resolve,
    fail: outcome.reject,
    answer: (_received: unknown, progress: (report: StepReport) => void) => {
      started.resolve(progress);
      return outcome.promise;
    },
  };
}

describe('openForm', () => {
  describe('when it opens', () => {
    it('returns an address of 256 random bits, and listens', async () => {
      const form = await open([]);
      expect(form.address).toBe(`http://127.0.0.1:${form.port}/${Buffer.alloc(32, 1).toString('base64url')}`);
      expect(await accepts(form.port)).toBe(true);
    });

    it('draws the nonce apart from the address', async () => {
      const form = await open([]);
      const page = (await load(form)).body;
      expect(page).toContain(form.nonce);
      expect(page).not.toContain(form.path.slice(1));
    });
  });

  describe('when it is loaded again and again', () => {
    it('D11: changes nothing: HEAD and GET a hundred times, then an honest submission', async () => {
      const form = await open([]);
      const first = (await load(form)).body;
      for (let count = 0; count < 100; count++) {
        expect((await load(form)).body).toBe(first);
        expect((await load(form, 'HEAD')).body).toBe('');
      }
      expect(form.received).toEqual([]);
      expect(form.warnings).toEqual([]);
      expect((await submit(form)).status).toBe(200);
    });
  });

  describe('when a token is submitted', () => {
    it('hands over its bytes and the choice, and wipes them afterwards', async () => {
      const form = await open([]);
      await submit(form, { token: ` ${TOKEN}\r\n`, expiration: 'date', 'expires-on': '2027-06-01' });
      expect(form.received).toHaveLength(1);
      expect(form.received[0]).toMatchObject({
        token: TOKEN,
        submission: { expiration: { kind: 'date', date: '2027-06-01' }, unchecked: false },
      });
      expect(form.received[0]?.submission.token.reveal().every((byte) => byte === 0)).toBe(true);
    });

    it('ends with the result, and the port refuses', async () => {
      const form = await open([]);
      const answer = await submit(form);
      expect(answer.body).toContain('Stored and recorded');
      expect(answer.body).toContain('2027-11-23');
      expect(answer.body).toContain('GitHub shows that a write landed, not which value');
      expect(await form.ended).toEqual({
        kind: 'finished',
        result: RECORDED.kind === 'finished' && RECORDED.result,
      });
      expect(await accepts(form.port)).toBe(false);
    });

    it('never answers with anything of the token', async () => {
      const form = await open([() => REFUSED, () => RECORDED]);
      const wires = [
        await submit(form),
        await submit(form, { expiration: undefined }),
        await submit(form),
      ].map((answer) => answer.wire);
      expect(wires.join()).not.toContain(TOKEN.slice(0, 12));
    });

    it('asks nothing of expiration where the command line has said it', async () => {
      const form = await open([], { card: buildCard({ statedExpiry: '2027-06-01' }) });
      expect((await load(form)).body).not.toContain('name="expiration"');
      await submit(form, { expiration: undefined, 'expires-on': undefined });
      expect(form.received[0]?.submission.expiration).toEqual({ kind: 'stated' });
    });
  });

  describe('when the answer can be given again', () => {
    it('shows the form with reasons, an empty token field and the choice kept', async () => {
      const form = await open([() => REFUSED, () => RECORDED]);
      const answer = await submit(form, { expiration: '90d' });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatch(/role="alert" tabindex="-1" autofocus/);
      expect(answer.body).toContain('crates.io does not know this token');
      expect(answer.body).toMatch(/value="90d" required checked/);
      expect(answer.body.match(/ checked/g)).toHaveLength(1);
      expect(answer.body).not.toContain('name="unchecked"');
      expect((await submit(form)).status).toBe(200);
      expect(form.received).toHaveLength(2);
    });

    it.each<[string, Record<string, string | undefined>, string]>([
      ['no expiration', { expiration: undefined }, 'nothing is assumed'],
      ['a past date', { expiration: 'date', 'expires-on': '2020-01-01' }, 'in the past'],
      ['a date that does not exist', { expiration: 'date', 'expires-on': '2027-02-30' }, 'not a date'],
      ['no token', { token: ' ' }, 'The token field was empty'],
      ['a token of 1025 bytes', { token: 'a'.repeat(1025) }, 'longer than 1024 bytes'],
    ])('asks again for %s without calling submit', async (_what, fields, words) => {
      const form = await open([]);
      const answer = await submit(form, fields);
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(words);
      expect(form.received).toEqual([]);
    });

    it('takes 1024 bytes that are all escaped', async () => {
      const form = await open([]);
      expect((await submit(form, { token: 'é'.repeat(512) })).status).toBe(200);
      expect(form.received[0]?.token).toBe('é'.repeat(512));
    });
  });

  describe('when the check was inconclusive', () => {
    it('offers to store unchecked, and hands that over', async () => {
      const form = await open([() => INCONCLUSIVE, () => RECORDED]);
      const answer = await submit(form);
      expect(answer.status).toBe(422);
      expect(answer.body).toContain('Store it without the check');
      await submit(form, { unchecked: 'yes' });
      expect(form.received.map((each) => each.submission.unchecked)).toEqual([false, true]);
    });

    it('checks again where the box is left unticked, and offers no more after a refusal', async () => {
      const form = await open([() => INCONCLUSIVE, () => REFUSED]);
      await submit(form);
      const answer = await submit(form);
      expect(form.received[1]?.submission.unchecked).toBe(false);
      expect(answer.body).not.toContain('Store it without the check');
    });

    it('keeps the offer while only the date is wrong', async () => {
      const form = await open([() => INCONCLUSIVE]);
      await submit(form);
      const answer = await submit(form, { unchecked: 'yes', expiration: 'date' });
      expect(answer.body).toContain('Store it without the check');
    });
  });

  describe('when it is submitted twice at once', () => {
    it('D9, I18: calls submit once: the second gets a page that says so', async () => {
      const hold = held();
      const form = await open([hold.answer]);
      const first = submit(form);
      await hold.started;
      const others = await Promise.all([submit(form), submit(form, { token: 'other' }), load(form)]);
      expect(others.map((answer) => answer.status)).toEqual([409, 409, 409]);
      expect(others[0].body).toContain('Already sent');
      hold.settle(RECORDED);
      expect((await first).body).toContain('Stored and recorded');
      expect(form.received).toHaveLength(1);
    });
  });

  describe('when steps are proven one by one', () => {
    it('sends each as it comes, but none before the check is over', async () => {
      const hold = held();
      const form = await open([hold.answer]);
      const socket = await openSocket(form.port);
      const body = formBody(form);
      socket.write(requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body));
      const progress = await hold.started;
      let seen = '';
      const until = async (words: string) => {
        while (!seen.includes(words)) seen += String((await once(socket, 'data'))[0]);
        return seen;
      };
      progress(step('submitted'));
      progress(step('checked', 'live'));
      progress(step('intended'));
      expect(await until('Intent written down')).toMatch(
        /Token received[\s\S]*Token checked[\s\S]*live[\s\S]*Intent/,
      );
      expect(seen).not.toContain('Sealed and sent');
      progress(step('stored'));
      expect(await until('Sealed and sent to GitHub')).not.toContain('Write seen');
      progress(step('verified'));
      await until('Write seen at GitHub');
      hold.settle(RECORDED);
      expect(seen + (await readAll(socket))).toMatch(/Stored and recorded[\s\S]*<\/html>\n/);
    });

    it('still answers 422 where nothing but the check was reported', async () => {
      const form = await open([
        (_received, progress) => {
          progress(step('submitted'));
          progress(step('checked', 'refused'));
          return REFUSED;
        },
      ]);
      expect((await submit(form)).status).toBe(422);
    });

    it('says that the form is open still where a refusal comes after them', async () => {
      const form = await open([
        (_received, progress) => {
          progress(step('intended'));
          return REFUSED;
        },
        () => RECORDED,
      ]);
      const answer = await submit(form);
      expect(answer.body).toContain('The form is still open');
      expect((await submit(form)).body).toContain('Stored and recorded');
    });
  });

  describe('when the browser goes away after submitting', () => {
    it('D7, D18: ends with the result all the same', async () => {
      const hold = held();
      const form = await open([hold.answer]);
      const socket = await openSocket(form.port);
      const body = formBody(form);
      socket.write(requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body));
      const progress = await hold.started;
      socket.resetAndDestroy();
      progress(step('intended'));
      progress(step('stored'));
      hold.settle(RECORDED);
      expect(await form.ended).toMatchObject({ kind: 'finished', result: { outcome: 'recorded' } });
    });
  });

  describe('when submit itself breaks', () => {
    it('rejects with its error, and shows nothing of it', async () => {
      const form = await openTestForm([() => Promise.reject(new Error('CANARY'))]);
      const rejected = expect(form.ended).rejects.toThrow('CANARY');
      const answer = await submit(form);
      await rejected;
      expect(answer.body).toContain('Stopped by an error');
      expect(answer.wire).not.toContain('CANARY');
      expect(await accepts(form.port)).toBe(false);
    });
  });

  describe('when it is cancelled', () => {
    it('ends as cancelled, once, and the port refuses', async () => {
      const form = await openTestForm([]);
      await Promise.all([form.cancel(), form.cancel()]);
      expect(await form.ended).toEqual({ kind: 'cancelled' });
      expect(await accepts(form.port)).toBe(false);
    });
  });

  describe('when it is cancelled while a body is still arriving', () => {
    it('stores nothing of it', async () => {
      const form = await openTestForm([]);
      const body = formBody(form);
      const text = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body);
      const socket = await openSocket(form.port);
      const answer = readAll(socket);
      socket.write(text.slice(0, -1), 'latin1');
      // An answer to a later request: the head of the first one has been judged by now.
      await load(form);
      const cancelled = form.cancel();
      socket.write(text.slice(-1), 'latin1');
      expect(parseAnswer(await answer).status).toBe(404);
      await cancelled;
      expect(await form.ended).toEqual({ kind: 'cancelled' });
      expect(form.received).toEqual([]);
    });
  });

  describe('when it is cancelled while a token is on its way', () => {
    it('ends with the result of it', async () => {
      const submission = held();
      const form = await openTestForm([submission.answer]);
      const answer = submit(form);
      await submission.started;
      const cancelled = form.cancel();
      submission.settle(RECORDED);
      expect((await answer).body).toContain('Stored and recorded');
      await cancelled;
      expect(await form.ended).toMatchObject({ kind: 'finished' });
    });

    it('ends as cancelled where that was refused', async () => {
      const submission = held();
      const form = await openTestForm([submission.answer]);
      const answer = submit(form);
      await submission.started;
      const cancelled = form.cancel();
      submission.settle(REFUSED);
      expect((await answer).status).toBe(422);
      await cancelled;
      expect(await form.ended).toEqual({ kind: 'cancelled' });
    });
  });

  describe('when nobody submits in time', () => {
    it('D8: expires in all, never opened', async () => {
      const form = await openTestForm([], { deadlines: { firstLoadMs: 60_000, totalMs: 30 } });
      expect(await form.ended).toEqual({ kind: 'expired', opened: false });
      expect(await accepts(form.port)).toBe(false);
    });

    it('expires sooner after the first load; HEAD and refused requests do not count as one', async () => {
      const form = await openTestForm([], { deadlines: { firstLoadMs: 300, totalMs: 60_000 } });
      await load(form, 'HEAD');
      await load({ ...form, path: '/wrong' });
      expect(await Promise.race([form.ended, load(form)])).toMatchObject({ status: 200 });
      expect(await form.ended).toEqual({ kind: 'expired', opened: true });
    });

    it('says how long it stays open', async () => {
      const form = await open([]);
      expect((await load(form)).body).toContain('open for 10 minutes from now at most');
      const short = await open([], { deadlines: { firstLoadMs: 60_000, totalMs: 40_000 } });
      expect((await load(short)).body).toContain('open for 1 minute from now at most');
    });
  });
});
