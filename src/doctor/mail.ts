import type { Config } from '../config/config.ts';
import { isAppError } from '../domain/error.ts';
import type { MailProbe } from '../mail/probe.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { count, ok, problem, unknown } from './line.ts';
import type { Reading } from './scene.ts';
import { needing, withSecret } from './scene.ts';

const DEADLINE_MS = 8_000;
const WHAT = 'the address of the mail server';

/** Whether the mail server can be reached, is who it says, and takes the log-in. Nothing is sent. */
export const mail: Check = {
  id: 'mail',
  title: 'Mail',
  asksOthers: true,
  run: ({ config, app }) =>
    needing(config, 'mail', async (value) => [
      ...(await ask(value)),
      ...judgeUndelivered(app.ok ? app.value.outbox.counts() : undefined, app),
    ]),
};

async function ask({ mail: of, webhooks, owners }: Config): Promise<readonly Remark[]> {
  if (!of) return [judgeUnconfigured(webhooks.length, owners.length)];
  const { parseServerUrl } = await import('../mail/server-url.ts');
  const { probeMail } = await import('../mail/probe.ts');
  return withSecret(of.urlFile, WHAT, 'connection', async (text) => {
    try {
      const server = parseServerUrl(text, of.urlFile);
      return judgeMail(`${server.host}:${server.port}`, of.urlFile, await probeMail(server, DEADLINE_MS));
    } catch (error) {
      if (!isAppError(error)) throw error;
      return [problem('address', error.message, error.hints.join('; '))];
    }
  });
}

export function judgeUnconfigured(webhooks: number, owners: number): Remark {
  if (webhooks > 0)
    return ok('server', `none is configured: reminders go to ${count(webhooks, 'webhook')} only`);
  const text = `none is configured, and no webhook: nobody of ${count(owners, 'owner')} is ever told`;
  return problem('server', text, 'declare "mail" with url-file and from (examples/reseal.sqlrite.yaml)');
}

/** @param where host and port @param file that holds the address, with user and password */
export function judgeMail(where: string, file: string, probe: MailProbe): readonly Remark[] {
  const because = (step: string) => unknown(step, 'not come to, since the step before it failed');
  switch (probe.reached) {
    case 'connection': {
      const next = `check that ${where} is right and that this machine may go there, the name server included`;
      return [problem('connection', probe.reason, next), because('TLS'), because('log-in')];
    }
    case 'tls': {
      const next =
        'name the server as its certificate does; an authority of your own goes into NODE_EXTRA_CA_CERTS, and a server without TLS gets no mail';
      return [ok('connection', `${where} answers`), problem('TLS', probe.reason, next), because('log-in')];
    }
    case 'login': {
      const next = `correct user and password in ${file}, percent-encoded`;
      const found = probe.passing
        ? unknown('log-in', probe.reason, 'try again later')
        : problem('log-in', probe.reason, next);
      return [ok('connection', `${where} answers`), judgeTls(probe.encrypted), found];
    }
    case 'end': {
      const test = 'what only a mail shows: reseal remind --test ADDRESS';
      const login = probe.loggedIn
        ? ok('log-in', 'the server takes user and password', test)
        : ok('log-in', `${file} has no user, so mail goes without one`, test);
      return [ok('connection', `${where} answers`), judgeTls(probe.encrypted), login];
    }
  }
}

function judgeTls(encrypted: boolean): Remark {
  return encrypted
    ? ok('TLS', 'with a certificate that is trusted')
    : ok('TLS', 'none, and none is needed on this machine');
}

/** What was owed and did not get out. */
export function judgeUndelivered(
  counts: { readonly dead: number; readonly ambiguous: number } | undefined,
  reading: Pick<Reading<unknown>, 'ok'> & { readonly what?: string },
): readonly Remark[] {
  const subject = 'undelivered';
  if (!counts)
    return [unknown(subject, `not looked at, because ${reading.what ?? 'the database'} cannot be used`)];
  const { dead, ambiguous } = counts;
  if (dead + ambiguous === 0) return [ok(subject, 'nothing was given up')];
  const text = `${count(dead, 'message')} given up, ${ambiguous} without an answer`;
  return [problem(subject, text, 'see why: reseal outbox; then: reseal outbox retry ID')];
}
