import { afterEach, describe, expect, it } from 'vitest';
import type { SubmitOutcome } from '../../src/rotate/rotation.ts';
import type { TestForm } from '../support/form.ts';
import { load, openTestForm, RECORDED, step, submit, submitHeaders } from '../support/form.ts';
import { ANY_CARD } from '../support/form-states.ts';
import { accepts, exchange, requestText } from '../support/raw-http.ts';
import { hostOf } from '../support/refused.ts';

const REFUSED: SubmitOutcome = {
  kind: 'refused',
  reasons: ['crates.io does not know this token'],
  mayStoreUnchecked: false,
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

/** Seconds after which the browser leaves the page; NaN: it stays. */
function leavesAfter({ headers }: { readonly headers: readonly (readonly [string, string])[] }): number {
  const refresh = new Map(headers).get('Refresh') ?? '';
  return Number(/^(\d+); url=about:blank$/.exec(refresh)?.[1]);
}

describe('a page with the form on it', () => {
  it('is left by the browser when the form closes, so that nothing is sent to whoever takes the port (TM1)', async () => {
    const form = await open([() => REFUSED], { deadlines: { firstLoadMs: 600_000, totalMs: 1_800_000 } });
    for (const page of [await load(form), await load(form), await submit(form)]) {
      expect(page.body).toContain('name="token"');
      expect(leavesAfter(page)).toBeLessThanOrEqual(600);
      expect(leavesAfter(page)).toBeGreaterThan(590);
    }
  });

  it('is what a refusal answers with only while there will be another try', async () => {
    let form: TestForm | undefined;
    const refusedAtTheEnd = (): SubmitOutcome => {
      void form?.cancel();
      return REFUSED;
    };
    form = await open([refusedAtTheEnd]);
    const page = await submit(form);
    expect(page.body).toContain('crates.io does not know this token');
    expect(page.body).toContain('The form is closed: start it again from your terminal');
    expect(page.body).not.toContain('name="token"');
    expect(page.body).not.toContain('once more');
    expect(await form.ended).toEqual({ kind: 'cancelled' });
  });

  it('nor is it promised once its steps were shown', async () => {
    let form: TestForm | undefined;
    form = await open([
      (_received, progress) => {
        progress(step('intended'));
        void form?.cancel();
        return REFUSED;
      },
    ]);
    const page = await submit(form);
    expect(page.body).toContain('The form is closed: start it again from your terminal');
    expect(page.body).not.toContain('still open');
  });
});

describe('a result', () => {
  it('stays to be read', async () => {
    const form = await open([() => RECORDED]);
    expect(leavesAfter(await submit(form))).toBeNaN();
  });
});

describe('the address that is printed', () => {
  it.each([
    ['127.0.0.2', '127.0.0.2'],
    ['0:0:0:0:0:0:0:1', '[::1]'],
    ['::1', '[::1]'],
    ['0.0.0.0', '127.0.0.1'],
  ])('of the bind address %s is %s, where it is answered', async (bind, host) => {
    const form = await open([], { bind });
    expect(new URL(form.address).hostname).toBe(host);
    expect((await fetch(form.address)).status).toBe(200);
  });

  it('is refused for an address that only other machines reach, where nothing says that it is published', async () => {
    await expect(openTestForm([], { bind: '192.0.2.1' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('form.bind is 192.0.2.1'),
    });
  });
});

describe('what a person is told', () => {
  it('of a paste that is far too long: a page, and no bare number', async () => {
    const form = await open([]);
    const body = 'x'.repeat(5_000);
    const answer = await exchange(
      form.port,
      requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body),
    );
    expect(answer.status).toBe(413);
    expect(answer.body).toContain('paste the token alone');
    expect(form.received).toEqual([]);
  });

  it('of a tab of an earlier form that sends something here', async () => {
    const form = await open([]);
    const text = requestText('POST /of-an-earlier-form HTTP/1.1', submitHeaders(form, 'a=b'), 'a=b');
    expect((await exchange(form.port, text)).status).toBe(404);
    expect(form.warnings).toEqual([expect.stringContaining('a tab of an earlier form')]);
  });

  it('of a browser with too many cookies: what to do', async () => {
    const form = await open([]);
    const headers = [hostOf(form), ['Cookie', `a=${'b'.repeat(70_000)}`]] as const;
    expect((await exchange(form.port, requestText(`GET ${form.path} HTTP/1.1`, headers))).status).toBe(431);
    await form.warned;
    expect(form.warnings).toEqual([expect.stringContaining('open the address in a private window')]);
  });

  it('with cookies of other programs, as many as a browser keeps of one: the form', async () => {
    const form = await open([]);
    const headers = [hostOf(form), ['Cookie', `a=${'b'.repeat(40_000)}`]] as const;
    expect((await exchange(form.port, requestText(`GET ${form.path} HTTP/1.1`, headers))).status).toBe(200);
  });

  it('of a click in another page, however much noise there is', async () => {
    const form = await open([]);
    for (let request = 0; request < 100; request++)
      await exchange(form.port, requestText('GET /noise HTTP/1.1', [hostOf(form)]));
    const headers = [hostOf(form), ['Sec-Fetch-Site', 'cross-site']] as const;
    const answer = await exchange(form.port, requestText(`GET ${form.path} HTTP/1.1`, headers));
    expect(answer.body).toContain('Open this address in a new tab');
  });

  it('of a request under a name of another port: not to follow it', async () => {
    const form = await open([]);
    await exchange(form.port, requestText(`GET ${form.path} HTTP/1.1`, [['Host', '127.0.0.1:19999']]));
    expect(form.warnings).toEqual([
      expect.stringMatching(
        /If you publish it there yourself, .*; if not, .* use no address but the one above/,
      ),
    ]);
  });

  it('of several lines: that a field takes one, where a token may have any form', async () => {
    const any = await open([], { maxTokenBytes: 49_152, card: ANY_CARD });
    expect((await load(any)).body).toContain('what has several lines goes in as a file');
    expect((await load(await open([]))).body).not.toContain('several lines');
    expect(await accepts(any.port)).toBe(true);
  });
});
