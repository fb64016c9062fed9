import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { makeFolder } from '../support/database.ts';
import { PLACE } from '../support/installed.ts';

const ROOT = join(import.meta.dirname, '../..');

function run(args: readonly string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(ROOT, 'tools/acceptance.ts'), ...args], (_error, stdout) =>
      resolve({ code: child.exitCode ?? -1, stdout }),
    );
    child.stdin?.end();
  });
}

it('the acceptance script answers every question that a script can, against the stand-ins, and prints no secret', async () => {
  const sandbox = await startSandbox(PLACE, new Date('2026-01-01T00:00:00Z'));
  onTestFinished(() => sandbox.close());
  const folder = makeFolder();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
    return join(folder, name);
  };
  const { code, stdout } = await run([
    ...[
      '--repo',
      PLACE.repo,
      '--environment',
      PLACE.environment,
      '--api-url',
      sandbox.github.apiUrl,
      '--yes',
    ],
    ...['--token-file', file('seal', sandbox.sealToken), '--crates-io', sandbox.cratesIo.url],
    ...[
      '--live-token-file',
      file('live', sandbox.offeredToken),
      '--dead-token-file',
      file('dead', `cio${'d'.repeat(32)}`),
    ],
  ]);
  expect(code).toBe(0);
  const page = readFileSync(join(ROOT, 'docs/acceptance.md'), 'utf8');
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    expect(page).toContain(`\n| ${id} | `);
    expect(stdout).toContain(`\n| ${id} | `);
  }
  expect(stdout).toMatch(/\| b \| another key id: 422 /);
  expect(stdout).toMatch(/\| a \| updated_at went from none to 20/);
  expect(stdout).toMatch(/\| g \| a dead token: 403 .*authentication failed/);
  for (const secret of [sandbox.sealToken, sandbox.offeredToken]) expect(stdout).not.toContain(secret);
  expect(sandbox.github.secret(PLACE.repo, PLACE.environment, PLACE.secret)?.updatedAt).toEqual(
    new Date('2026-01-01T00:00:00Z'),
  );
});
