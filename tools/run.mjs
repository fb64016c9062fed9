// node tools/run.mjs <script> [arguments…]: runs the script with a Node that package.json's `engines` accepts: the one that runs
// this, else a private one, installed once into .tools/node. This file itself must run on any Node from 18 on, with nothing installed.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const LOCKED = join(ROOT, 'tools/node');
const TOOLS = join(ROOT, '.tools');
const HOME = join(TOOLS, 'node');
const HOUR = 3_600_000;

/** Whether a version lies in a range made of `^a.b.c` and `>=a.b.c`, joined by `||`; anything else in the range is an error. */
export function satisfies(version, range) {
  const [major, ...rest] = numbers(version);
  return range.split('||').some((part) => {
    const match = /^(\^|>=)(\d+(?:\.\d+){0,2})$/.exec(part.trim());
    if (!match) throw new Error(`not a range that this launcher reads: "${range}"`);
    const [floorMajor, ...floor] = numbers(match[2]);
    const above = major > floorMajor && match[1] === '>=';
    return above || (major === floorMajor && compare(rest, floor) >= 0);
  });
}

/** `v24.11.0-rc.1` → [24, 11, 0] */
function numbers(version) {
  const [a = 0, b = 0, c = 0] = version.replace(/^v/, '').split(/[-+]/)[0].split('.').map(Number);
  return [a, b, c];
}

function compare(left, right) {
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : left[at] - right[at];
}

async function main([script, ...args]) {
  if (!script) throw new Problem('usage: node tools/run.mjs <script> [arguments…]');
  const { engines } = await json(join(ROOT, 'package.json'));
  const node = satisfies(process.version, engines.node) ? process.execPath : await privateNode(engines.node);
  if (node !== process.execPath) process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  return run(node, [script, ...args], { stdio: 'inherit' });
}

/** The private Node's program; installed first if it is not there, or is not the pinned one, or does not start. */
async function privateNode(range) {
  const { name, version } = await packageForThisMachine(range);
  const program = join('node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (await isNode(join(HOME, program), version)) return join(HOME, program);
  process.stderr.write(
    `This is Node ${process.version}, and ${range} is needed: installing Node ${version} into .tools/node, for this folder only.\n`,
  );
  await install(program, version, range);
  return join(HOME, program);
}

async function packageForThisMachine(range) {
  const { optionalDependencies } = await json(join(LOCKED, 'package.json'));
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const name = Object.keys(optionalDependencies).find((candidate) => candidate.endsWith(`-${platform}`));
  if (!name)
    throw new Problem(
      `This is Node ${process.version}. ${byHand(range, `none is packaged for ${platform}`)}`,
    );
  return { name, version: optionalDependencies[name] };
}

/** Installs beside and renames when it is whole, so that what is called .tools/node was complete once, also with two at work. */
async function install(program, version, range) {
  await mkdir(TOOLS, { recursive: true });
  await sweep();
  const beside = await mkdtemp(join(TOOLS, 'node-'));
  try {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(LOCKED, file), join(beside, file));
    const code = await npm([
      'ci',
      '--prefix',
      beside,
      '--ignore-scripts',
      '--include=optional',
      '--loglevel=error',
    ]);
    if (code > 128) throw new Stopped(code);
    if (code !== 0) throw new Problem(byHand(range, `npm ended with ${code}`));
    // npm counts an optional package that it could not fetch, or whose bytes are not the locked ones, as a success.
    if (!existsSync(join(beside, program)))
      throw new Problem(byHand(range, 'npm could not fetch it: is there a network?'));
    if (!(await isNode(join(beside, program), version)))
      throw new Problem(byHand(range, 'the one fetched does not start here'));
    await place(beside, program, version);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function place(beside, program, version) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rename(beside, HOME);
    } catch (error) {
      if (await isNode(join(HOME, program), version)) return;
      if (attempt === 3) throw error;
      await discard(HOME);
    }
  }
}

/** Moves a folder out of the way in one step, then deletes it: it is never seen half deleted under its own name. */
async function discard(folder) {
  const aside = await mkdtemp(join(TOOLS, 'node-'));
  await rename(folder, join(aside, 'old')).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}

/** What a killed installation left behind. Another one may be at work in a fresh folder. */
async function sweep() {
  for (const entry of await readdir(TOOLS)) {
    const folder = join(TOOLS, entry);
    const age = entry.startsWith('node-')
      ? Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
      : 0;
    if (age > HOUR) await rm(folder, { recursive: true, force: true });
  }
}

function npm(args) {
  const given = process.env.npm_execpath;
  const stdio = ['ignore', 'ignore', 'inherit'];
  // Another package manager that runs this names itself there, and would not understand the arguments.
  if (given && basename(given).startsWith('npm') && existsSync(given))
    return run(process.execPath, [given, ...args], { stdio });
  return run('npm', args, { stdio, shell: process.platform === 'win32' });
}

/** Asking it is the only sure test: a file cut short, another processor or another libc all answer nothing. */
async function isNode(program, version) {
  if (!existsSync(program)) return false;
  return new Promise((resolve) => {
    const child = spawn(program, ['-p', 'process.version'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let answer = '';
    child.stdout.on('data', (chunk) => {
      answer += chunk;
    });
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(answer.trim() === `v${version}`));
  });
}

/** Runs to the end; passes signals on; answers the exit code, 128 + n after signal n. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    // Ctrl-C and Ctrl-\ reach the child from the terminal itself: a second copy would mean "at once" to it.
    const fromTerminal = process.stdin.isTTY ? ['SIGINT', 'SIGQUIT'] : [];
    const passOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const listener = () => fromTerminal.includes(signal) || child.kill(signal);
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
    const settle = (end) => (value) => {
      for (const off of passOn) off();
      end(value);
    };
    child.on(
      'error',
      settle((error) => reject(new Problem(`${command} does not start: ${error.message}`))),
    );
    child.on('close', (code, signal) => settle(resolve)(code ?? 128 + constants.signals[signal]));
  });
}

async function json(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}

function byHand(range, why) {
  return `A private Node could not be installed (${why}): install Node ${range} yourself, such as the current LTS from nodejs.org.`;
}

/** Said in one sentence, without a stack. */
class Problem extends Error {}

class Stopped extends Error {
  constructor(code) {
    super('stopped');
    this.code = code;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    if (error instanceof Stopped) return error.code;
    process.stderr.write(error instanceof Problem ? `${error.message}\n` : `${error.stack}\n`);
    return 1;
  });
}
