import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { FileStats, SecretFile } from '../../src/doctor/secret-files.ts';
import { filesOf, judgeSecretFile } from '../../src/doctor/secret-files.ts';

const DAEMON = { uid: 1000, gid: 1000, self: { uid: 0, gid: 0 } };

function judge(
  stats: Partial<FileStats> | undefined,
  { inContainer = false, ...file }: Partial<SecretFile> & { inContainer?: boolean } = {},
) {
  const whole = stats && { isFile: true, mode: 0o400, uid: 1000, gid: 1000, ...stats };
  const seen = { path: '/run/secrets/smtp', ...file, stats: whole };
  return judgeSecretFile('mail.url-file', seen, { user: DAEMON, inContainer });
}

const OWN = 'chown 1000:1000 /run/secrets/smtp && chmod 0400 /run/secrets/smtp';

describe('H9: a secret file', () => {
  it.each([
    ['of the daemon’s user alone', {}],
    ['that it may write too', { mode: 0o600 }],
    ["of root's, given to its group to read", { uid: 0, mode: 0o440 }],
  ])('is ok %s', (_, stats) => {
    expect(judge(stats).outcome).toBe('ok');
  });

  it.each([
    ["root's", { uid: 0, gid: 0, mode: 0o400 }],
    ['without any right', { mode: 0o000 }],
    ["for root's group alone", { uid: 0, gid: 0, mode: 0o440 }],
  ])('is a problem with the line that fixes it when the daemon cannot read it: %s', (_, stats) => {
    expect(judge(stats)).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining("the daemon's user 1000 cannot read /run/secrets/smtp"),
      next: OWN,
    });
  });

  it.each([0o644, 0o640, 0o602, 0o604])('is a problem when others can read or write it (%o)', (mode) => {
    expect(judge({ mode })).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining('others than the daemon'),
      next: 'chmod 0400 /run/secrets/smtp',
    });
  });

  it('is given to the daemon where it is root’s and everybody can read it', () => {
    expect(judge({ uid: 0, gid: 0, mode: 0o444 })).toMatchObject({ outcome: 'problem', next: OWN });
  });

  it('is mended on the host where it is mounted into a container', () => {
    expect(judge({ uid: 0, gid: 0 }, { inContainer: true }).next).toBe(
      `on the host, on the file that is mounted there: ${OWN}`,
    );
  });

  it('is quoted for a shell', () => {
    expect(judge({ uid: 0, gid: 0 }, { path: "/s/it's here" }).next).toBe(
      `chown 1000:1000 '/s/it'\\''s here' && chmod 0400 '/s/it'\\''s here'`,
    );
  });

  it('is a problem where a folder on the way is closed', () => {
    expect(judge({}, { closedFolder: '/root' })).toMatchObject({
      outcome: 'problem',
      text: expect.stringContaining('a folder that user 1000 cannot enter: /root'),
      next: 'chown 1000:1000 /root',
    });
  });

  it('believes the system where this is the daemon’s user', () => {
    expect(judge({ uid: 0, gid: 0, mode: 0o400 }, { isReadable: false }).outcome).toBe('problem');
    expect(judge({ mode: 0o000 }, { isReadable: true }).outcome).toBe('ok');
  });

  it('is a problem when it is not there, no file, or not one line', () => {
    expect(judge(undefined, { error: 'ENOENT' })).toMatchObject({
      outcome: 'problem',
      text: '/run/secrets/smtp is not there',
    });
    expect(judge({ isFile: false }).text).toBe('/run/secrets/smtp is no file');
    expect(judge({}, { complaint: 'the address is empty' })).toMatchObject({
      outcome: 'problem',
      text: 'the address is empty',
      next: expect.stringContaining('exactly one line'),
    });
  });

  it('is unknown where it is for a group that the daemon may be in', () => {
    expect(judge({ uid: 0, gid: 5, mode: 0o440 })).toMatchObject({
      outcome: 'unknown',
      text: expect.stringContaining('only the group 5 can read'),
    });
  });

  it('is unknown when it cannot be looked at', () => {
    expect(judge(undefined, { error: 'EACCES' })).toMatchObject({
      outcome: 'unknown',
      text: '/run/secrets/smtp cannot be looked at (EACCES)',
    });
  });
});

describe('the files of a configuration', () => {
  it('are all that it names, by their options', () => {
    const parsed = parseConfig(
      [
        'version: 1',
        'github: { seal: { token-file: /s/seal }, verify: { token-file: /s/verify } }',
        'mail: { url-file: /s/smtp, from: reseal <reseal@example.org> }',
        'owners: { ada: { email: ada@example.org } }',
        'webhooks: { chat: { url-file: /s/chat, format: slack } }',
        'reminders: { heartbeat: { url-file: /s/beat } }',
      ].join('\n'),
    );
    expect(parsed.ok && filesOf(parsed.config).map(({ option, path }) => `${option} ${path}`)).toEqual([
      'github.seal.token-file /s/seal',
      'github.verify.token-file /s/verify',
      'mail.url-file /s/smtp',
      'webhooks.chat.url-file /s/chat',
      'reminders.heartbeat.url-file /s/beat',
    ]);
  });
});
