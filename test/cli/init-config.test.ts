import { describe, expect, it } from 'vitest';
import { folded } from '../../src/cli/init-questions.ts';
import { renderConfig, starter } from '../../src/cli/starter.ts';
import { parseConfig } from '../../src/config/load.ts';
import { DESTINATION } from '../support/builders.ts';

describe('starter', () => {
  it('loads, declares nothing, and says what could be declared', () => {
    const result = parseConfig(starter());
    expect(result).toMatchObject({ ok: true, config: { credentials: [], owners: [], mail: undefined } });
    expect(starter()).toContain('#     kind: crates-io-token');
  });

  it('loads as well without the marks of its comments', () => {
    const text = starter()
      .replace(/^(owners|credentials): \{\}$/gm, '$1:')
      .replace(/^# ?(webhooks|mail|registries| {2}\S| {4})/gm, '$1')
      .replace(/^# heartbeat/m, '  heartbeat');
    expect(parseConfig(text)).toMatchObject({
      ok: true,
      config: { owners: [{ name: 'me' }], credentials: [{ name: 'crates-io' }] },
    });
  });
});

describe('renderConfig', () => {
  it('keeps what was answered, whatever needs quotes', () => {
    const result = parseConfig(
      renderConfig({
        timezone: 'Europe/Lisbon',
        apiUrl: 'https://github.example.org/api/v3',
        sealTokenFile: '/run/my secrets/#1',
        verifyTokenFile: '/run/secrets/null',
        owner: { name: '2', email: "o'neil@example.org" },
        mail: { urlFile: '/run/secrets/smtp_url', from: 'Releases #1 <r@example.org>' },
        credentials: [{ name: 'a', kind: 'generic', owner: '2', destinations: [DESTINATION] }],
      }),
    );
    expect(result).toMatchObject({
      ok: true,
      config: {
        timezone: 'Europe/Lisbon',
        github: {
          apiUrl: 'https://github.example.org/api/v3',
          sealTokenFile: '/run/my secrets/#1',
          verifyTokenFile: '/run/secrets/null',
        },
        owners: [{ name: '2', email: "o'neil@example.org" }],
        mail: { urlFile: '/run/secrets/smtp_url', from: { address: 'r@example.org' } },
        credentials: [{ name: 'a', owner: '2', destinations: [DESTINATION] }],
      },
    });
  });

  it('loads where everything was left for later', () => {
    expect(parseConfig(renderConfig({}))).toMatchObject({
      ok: true,
      config: { github: { sealTokenFile: undefined } },
    });
  });
});

describe('folded', () => {
  it('breaks between words, keeps line breaks, and leaves a longer word alone', () => {
    expect(folded('one two three\n/a/very/long/path x', 7)).toEqual([
      'one two',
      'three',
      '/a/very/long/path',
      'x',
    ]);
  });
});
