import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/commands/status.ts';
import type { Output } from '../../src/cli/output.ts';
import { openTestApp } from '../support/app.ts';
import { daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { testClock } from '../support/stand-ins.ts';

const CONFIG = `version: 1
owners: { ada: { email: ada@example.org } }
credentials:
  npm: { kind: crates-io-token, owner: ada, lifetime: 365d, destinations: [{ repo: example/widgets, environment: release, secret: NPM_TOKEN }] }
`;

/** What `status` prints of one credential with 200 days left, in this process. */
async function status(options: { readonly wide?: boolean; readonly json?: boolean }): Promise<string> {
  const { app } = openTestApp({
    apiUrl: 'http://127.0.0.1:1',
    clock: testClock(),
    token: undefined,
    credentials: [CONFIG.split('\n')[3]?.trim() ?? ''],
  });
  writeFileSync(app.places.configPath, CONFIG, { mode: 0o600 });
  const expiry = knownUntil(daysFromNow(200));
  app.register.addVersion(
    'npm',
    { expiry, lifetimeDays: 365, createdAt: undefined, checked: 'not-asked' },
    NOW,
  );
  const printed: string[] = [];
  const out: Output = {
    json: options.json === true,
    quiet: false,
    color: false,
    terminal: false,
    result: (text) => void printed.push(text),
    resultJson: (value) => void printed.push(JSON.stringify(value)),
    resultJsonWith: (head, name, items, tail) =>
      void printed.push(JSON.stringify({ ...head, [name]: [...items()], ...tail() })),
    talk: () => undefined,
    hint: () => undefined,
    error: () => undefined,
    style: (_format, text) => text,
    aloud: () => out,
    flush: async () => undefined,
  };
  const world = { ...app.world, env: { LANG: 'C.UTF-8', COLUMNS: '80' } };
  await run({ world, places: app.places, out }, { arguments: [], options: { wide: options.wide } });
  app.close();
  return printed.join('\n');
}

describe('status', () => {
  it('draws the coming year where it is asked to', async () => {
    const text = await status({ wide: true });
    expect(text).toMatch(/^npm {4}│─+┴─+┴─*┴─*┴┴●.* 200 d$/m);
    expect(await status({})).not.toContain('●');
  });

  it('shows the head of the history, as mails do', async () => {
    const { history } = JSON.parse(await status({ json: true })) as {
      history: { seq: number; hash: string };
    };
    expect(history.seq).toBeGreaterThan(0);
    expect((await status({})).split('\n')).toContain(`history ${history.seq}:${history.hash}`);
  });

  it('prints the same JSON with --wide', async () => {
    expect(await status({ json: true, wide: true })).toBe(await status({ json: true }));
  });
});
