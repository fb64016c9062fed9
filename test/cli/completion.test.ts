import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionOf } from '../../src/cli/commands/completion.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { bashScript } from '../../src/cli/completion-bash.ts';
import { fishScript } from '../../src/cli/completion-fish.ts';
import { listFor } from '../../src/cli/completion-lists.ts';
import { completedWords } from '../../src/cli/completion-words.ts';
import { zshScript } from '../../src/cli/completion-zsh.ts';
import { openOutput } from '../../src/cli/output.ts';
import { openTestApp } from '../support/app.ts';
import { makeFolder } from '../support/database.ts';
import { testClock } from '../support/stand-ins.ts';

const WORDS = completedWords(COMMANDS);
const SCRIPTS = { bash: bashScript(WORDS), zsh: zshScript(WORDS), fish: fishScript(WORDS) };

/** A program that notes what it is asked, and answers with two names. */
function openShell(shell: keyof typeof SCRIPTS) {
  const folder = makeFolder();
  const script = join(folder, `reseal.${shell}`);
  writeFileSync(script, SCRIPTS[shell]);
  mkdirSync(join(folder, 'bin'));
  const asked = join(folder, 'asked');
  writeFileSync(
    join(folder, 'bin/reseal'),
    `#!/bin/sh\necho "$@" >> '${asked}'\ncase "$*" in *'completion names') printf 'crates-io\\nnpm\\n';; esac\n`,
    { mode: 0o755 },
  );
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder, TERM: 'dumb' };
  return {
    folder,
    script,
    asked: () => (existsSync(asked) ? readFileSync(asked, 'utf8').trimEnd().split('\n') : []),
    run: (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(shell, args, {
        env,
        cwd: folder,
        encoding: 'utf8',
        timeout: 30_000,
      });
      return { status, stdout, stderr };
    },
  };
}

describe('the script for bash', () => {
  /** @returns what is offered for the last of the words */
  function complete(shell: ReturnType<typeof openShell>, ...words: readonly string[]): readonly string[] {
    const { stdout, stderr } = shell.run(
      '--norc',
      '-c',
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reseal "$1"; for one in "\${COMPREPLY[@]}"; do echo "$one"; done`,
      shell.script,
      ...words,
    );
    expect(stderr).toBe('');
    return stdout.split('\n').slice(0, -1);
  }
  it.each([
    [['reseal', 'rot'], ['rotate']],
    [
      ['reseal', 'config', ''],
      ['check', 'show', 'schema'],
    ],
    [['reseal', 'outbox', ''], ['retry']],
    [
      ['reseal', 'rotate', ''],
      ['crates-io', 'npm'],
    ],
    [['reseal', 'rotate', '--never', 'c'], ['crates-io']],
    [['reseal', 'rotate', '--expires', '2027-06-01', 'n'], ['npm']],
    [['reseal', 'rotate', 'npm', ''], []],
    [['reseal', 'ack', 'npm', '--un'], ['--until']],
    [['reseal', 'ack', 'npm', '--until', ''], []],
    [['reseal', '--data-d'], ['--data-dir']],
    [['reseal', '--data-dir', 'b'], ['bin']],
    [['reseal', '--config', '=', 'reseal.b'], ['reseal.bash']],
  ])('completes %j by %j', (words, offered) => {
    expect(complete(openShell('bash'), ...words)).toEqual(offered);
  });

  it('asks the same installation, and runs nothing of what is typed', () => {
    const one = openShell('bash');
    complete(one, 'reseal', '--config', "'/srv/a b.yaml'", '--data-dir', '=', '~/$(touch ran)', 'rotate', '');
    expect(one.asked()).toEqual([
      `--quiet --config /srv/a b.yaml --data-dir ${one.folder}/$(touch ran) completion names`,
    ]);
    expect(existsSync(join(one.folder, 'ran'))).toBe(false);
  });
});

describe.skipIf(!existsSync('/usr/bin/zsh'))('the script for zsh', () => {
  it('is read without a complaint', () => {
    const shell = openShell('zsh');
    expect(shell.run('-n', shell.script)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('completes a command, an option and a name on a terminal', () => {
    const shell = openShell('zsh');
    const typed = ['reseal --config /srv/a.yaml rotate cr\\t', 'reseal stat\\t --wi\\t'];
    const { status } = shell.run(
      '-f',
      '-c',
      `zmodload zsh/zpty; zpty z "zsh -f -i"
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source ${shell.script}; echo rea""dy'
zpty -r z out '*ready*'
${typed.map((line) => `zpty -w z $'${line}'`).join('\n')}
zpty -w z 'echo do""ne'
zpty -r z out '*done*'`,
    );
    expect(status).toBe(0);
    expect(shell.asked()).toEqual([
      '--config /srv/a.yaml completion names',
      '--config /srv/a.yaml rotate crates-io',
      'status --wide',
    ]);
  });
});

describe.skipIf(!existsSync('/usr/bin/fish'))('the script for fish', () => {
  const complete = (shell: ReturnType<typeof openShell>, line: string) =>
    shell.run('--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', shell.script, line);

  it('is read without a complaint', () => {
    const shell = openShell('fish');
    expect(shell.run('-n', shell.script)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('completes a name, asked for in the same installation', () => {
    const shell = openShell('fish');
    expect(complete(shell, 'reseal --config /srv/a.yaml rotate c')).toEqual({
      status: 0,
      stdout: 'crates-io\n',
      stderr: '',
    });
    expect(shell.asked()).toEqual(['--config /srv/a.yaml completion names']);
  });

  it('completes a command with what it does', () => {
    expect(complete(openShell('fish'), 'reseal reti').stdout).toMatch(/^retire\tno more reminders/);
  });
});

describe('completedWords', () => {
  it('knows every command, and what stands behind it', () => {
    expect(WORDS.commands.map(({ name }) => name)).toEqual(COMMANDS.map(({ usage }) => usage.split(' ')[0]));
    const config = WORDS.commands.find(({ name }) => name === 'config');
    expect(config?.arguments[0]?.taken).toEqual({ as: 'words', words: ['check', 'show', 'schema'] });
  });

  it('finds no option that takes a value in one command and none in another', () => {
    const bare = WORDS.commands.flatMap(({ options }) => options).filter(({ value }) => value === undefined);
    expect(bare.filter(({ flag }) => WORDS.valueFlags.includes(flag))).toEqual([]);
  });
});

describe('listFor', () => {
  const out = openOutput({ json: false, quiet: true, color: false });

  it('returns what is declared, and what is only remembered', async () => {
    const { app } = openTestApp({
      apiUrl: 'http://127.0.0.1:1',
      clock: testClock(),
      credentials: ['old: { kind: generic, owner: ada }'],
    });
    const declared =
      'version: 1\nowners: { ada: { email: ada@example.org } }\ncredentials: { new: { kind: generic, owner: ada } }\n';
    writeFileSync(app.places.configPath, declared, { mode: 0o600 });
    const context = { world: app.world, places: app.places, out };
    expect(await listFor('names', context)).toEqual(['new', 'old', 'reseal-seal-token']);
    expect(await listFor('pipelines', context)).toEqual([]);
    writeFileSync(app.places.configPath, 'version: 9\n', { mode: 0o600 });
    expect(await listFor('names', context)).toEqual(['old', 'reseal-seal-token']);
    app.close();
  });

  it('returns nothing where nothing is initialised, and makes nothing', async () => {
    const { app } = openTestApp({ apiUrl: 'http://127.0.0.1:1', clock: testClock() });
    app.close();
    const dataDir = join(makeFolder(), 'none');
    const context = { world: app.world, places: { ...app.places, dataDir }, out };
    expect(await listFor('names', context)).toEqual([]);
    expect(existsSync(dataDir)).toBe(false);
    expect(await listFor('kinds', context)).toContain('crates-io-token');
    expect(await listFor('rules', context)).not.toEqual([]);
  });

  it('is refused for a shell that has none, with those that have', async () => {
    const { app } = openTestApp({ apiUrl: 'http://127.0.0.1:1', clock: testClock() });
    app.close();
    const asked = completionOf(COMMANDS)(
      { world: app.world, places: app.places, out },
      { arguments: ['tcsh'], options: {} },
    );
    await expect(asked).rejects.toMatchObject({
      code: 'invalid_input',
      hints: ['there is one for bash, zsh, fish', 'how to install it: reseal completion'],
    });
  });
});
