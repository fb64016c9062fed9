import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addDays, formatDay as dayOf } from '../domain/calendar.ts';
import type { Installation } from './installation.ts';
import { makeInstallation } from './installation.ts';
import { startSandboxPage } from './page.ts';
import type { Finished, Program } from './run.ts';
import { openProgram } from './run.ts';
import type { Sandbox } from './sandbox.ts';
import { startSandbox } from './sandbox.ts';
import { openPage, submitForm } from './visitor.ts';

export interface DemoOptions {
  /** The file that is the program. */
  readonly entry: string;
  readonly auto: boolean;
  readonly now: Date;
  readonly say: (text: string) => void;
}

/** Made so many days ago, of a year: the seven-day reminder is due. */
const AGE_DAYS = 358;
const PLACE = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };

interface Stage extends DemoOptions {
  readonly sandbox: Sandbox;
  readonly installation: Installation;
  readonly program: Program;
  readonly page: string;
  /** Resolves when a person presses Ctrl-C. */
  readonly interrupted: Promise<void>;
  readonly isInterrupted: () => boolean;
}

/** The whole job against stand-ins on loopback, by the real program as child processes. @returns the exit code */
export async function runDemo(options: DemoOptions): Promise<number> {
  const madeAt = addDays(options.now, -AGE_DAYS);
  const sandbox = await startSandbox(PLACE, madeAt);
  const page = await startSandboxPage(sandbox);
  const installation = makeInstallation(sandbox);
  const program = openProgram(options.entry, installation);
  let stopped = false;
  const interrupted = new Promise<void>((resolve) => {
    const stop = () => {
      stopped = true;
      void program.stopAll();
      resolve();
    };
    // Repeats change nothing: what was made is removed first.
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  const stage: Stage = {
    ...options,
    sandbox,
    installation,
    program,
    page: page.url,
    interrupted,
    isInterrupted: () => stopped,
  };
  try {
    return await (options.auto ? driveItself(stage, madeAt) : letPersonDrive(stage, madeAt));
  } catch (error) {
    // Ctrl-C reaches the commands that the demo runs, too: what they then fail at is no failure of the demo.
    if (stopped) return 130;
    throw error;
  } finally {
    await program.stopAll();
    await page.close();
    await sandbox.close();
    installation.remove();
  }
}

async function driveItself(stage: Stage, madeAt: Date): Promise<number> {
  const proof = proofs(stage);
  await proof('init made the database, and the shipped example loads', adopt(stage, madeAt));
  await proof(
    'status shows version 1, due, its expiry computed; planned certificates are planned',
    checkFirstStatus(stage),
  );
  await proof('the daemon mailed the owner the seven-day reminder, with the command to type', remind(stage));
  await proof(
    'a token of the wrong kind was refused in the form, and nothing changed at GitHub',
    rotate(stage),
  );
  await proof(
    'the new token was checked, sealed, stored, read back: the box opens to what was pasted',
    checkBox(stage),
  );
  await proof('status shows version 2, its expiry as entered', checkSecondStatus(stage));
  await proof('the owner got one notice of the new version', checkNotice(stage));
  await proof('no token stands in any file of the installation', checkFiles(stage));
  stage.say('\nall of it against stand-ins on this machine: nothing outside was touched');
  return 0;
}

/** Prints each step once it is proven, and stops at the first that is not. */
function proofs({ say }: Stage): (what: string, step: Promise<void>) => Promise<void> {
  const begun = performance.now();
  return async (what, step) => {
    await step;
    say(`proven after ${((performance.now() - begun) / 1000).toFixed(1)} s  ${what}`);
  };
}

async function adopt({ program }: Stage, madeAt: Date): Promise<void> {
  expectCode(await program.run('init'), 0);
  expectCode(await program.run('record', 'crates-io', '--created', dayOf(madeAt), '--lifetime', '365d'), 0);
}

async function checkFirstStatus({ program }: Stage): Promise<void> {
  const finished = await program.run('status', '--json');
  expectCode(finished, 1);
  const { credentials } = JSON.parse(finished.stdout) as StatusJson;
  const [first, ...others] = credentials;
  // reseal's own tokens come last, and nobody has looked at them yet.
  const planned = others.filter(({ name }) => !name.startsWith('reseal-'));
  expect(
    first?.version === 1 && first.state === 'due' && first.expirySource === 'computed',
    'version 1 is due',
  );
  expect(planned.length === 3 && planned.every(({ state }) => state === 'planned'), 'three are planned');
}

async function remind({ program, sandbox }: Stage): Promise<void> {
  const daemon = program.start('daemon');
  const mails = await sandbox.mail.waitForMessages(2, { timeoutMs: 8_000 });
  daemon.child.kill('SIGTERM');
  expectCode(await daemon.finished, 0);
  const mail = mails.find(({ recipients }) => recipients.includes('joao@example.org'));
  expect(
    /^crates-io expires in \d days · CRATES_IO_TOKEN/.test(mail?.subject ?? ''),
    'the subject says it all',
  );
  expect(
    mail?.text?.includes('docker compose exec reseal reseal rotate crates-io') === true,
    'the command stands in it',
  );
}

async function rotate({ program, sandbox }: Stage): Promise<void> {
  const running = program.start('--json', 'rotate', 'crates-io');
  const address = await formAddress(running.lines);
  const before = boxOf(sandbox);
  const page = await openPage(address);
  const refused = await submitForm(address, page, { token: `npm_${'a'.repeat(36)}`, expiration: '365d' });
  expect(refused.status === 422 && refused.body.includes('npm token'), 'the wrong kind is named');
  expect(boxOf(sandbox).updatedAt.getTime() === before.updatedAt.getTime(), 'nothing was stored');
  const accepted = await submitForm(address, refused, { token: sandbox.offeredToken, expiration: '365d' });
  expect(accepted.status === 200, 'the form took the token');
  expectCode(await running.finished, 0);
}

async function checkBox({ sandbox }: Stage): Promise<void> {
  expect(
    Buffer.from(boxOf(sandbox).opened).toString() === sandbox.offeredToken,
    'the box opens to what was pasted',
  );
  expect(sandbox.github.putCount() === 1, 'it was written once');
}

async function checkSecondStatus({ program }: Stage): Promise<void> {
  const finished = await program.run('status', '--json');
  expectCode(finished, 0);
  const [first] = (JSON.parse(finished.stdout) as StatusJson).credentials;
  expect(
    first?.version === 2 && first.state === 'ok' && first.expirySource === 'entered',
    'version 2 is good',
  );
}

async function checkNotice({ program, sandbox }: Stage): Promise<void> {
  const before = sandbox.mail.messages.length;
  expectCode(await program.run('daemon', '--once'), 0);
  const mails = (await sandbox.mail.waitForMessages(before + 1)).slice(before);
  const toOwner = mails.filter(({ recipients }) => recipients.includes('joao@example.org'));
  expect(
    toOwner.length === 1 && toOwner[0]?.subject?.includes('was renewed: version 2') === true,
    'one notice',
  );
}

async function checkFiles({ installation, sandbox }: Stage): Promise<void> {
  for (const name of readdirSync(installation.dataDir)) {
    const bytes = readFileSync(join(installation.dataDir, name));
    for (const token of [sandbox.offeredToken, sandbox.oldToken]) {
      expect(
        !bytes.includes(token) && !bytes.includes(Buffer.from(token).toString('base64')),
        `no token in ${name}`,
      );
    }
  }
}

/** Starts everything, says where to look, and leaves the form to the person. */
async function letPersonDrive(stage: Stage, madeAt: Date): Promise<number> {
  const { say, program, sandbox, page, interrupted, isInterrupted } = stage;
  say(
    'the demo: a GitHub, a crates.io and a mail server of its own on this machine; nothing outside is touched\n',
  );
  say('$ reseal init');
  expectCode(await program.run('init'), 0);
  say(`$ reseal record crates-io --created ${dayOf(madeAt)} --lifetime 365d`);
  expectCode(await program.run('record', 'crates-io', '--created', dayOf(madeAt), '--lifetime', '365d'), 0);
  say('$ reseal status');
  await program.attach('status');
  say('\n$ reseal daemon   (runs until the demo ends)');
  program.start('daemon');
  await sandbox.mail.waitForMessages(1, { timeoutMs: 15_000 });
  say('\nthe reminder has arrived. Where to look:');
  say(`  mail and secrets       ${page}`);
  say('  the form               its address stands below; open it in a browser');
  say(`  a fake token to paste  ${sandbox.offeredToken}`);
  say('  choose "365 days" in the form; try any other text first to see it refused');
  say('\n$ reseal rotate crates-io');
  const code = await program.attach('rotate', 'crates-io');
  if (isInterrupted()) return 130;
  say('\n$ reseal status');
  await program.attach('status');
  say(`\nthe notice of the new version arrives within a minute: ${page}`);
  say('press Ctrl-C to end the demo');
  await interrupted;
  return code;
}

interface StatusJson {
  readonly credentials: readonly {
    readonly name: string;
    readonly state: string;
    readonly version: number | null;
    readonly expirySource: string;
  }[];
}

async function formAddress(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const step = JSON.parse(line) as { step: string; address?: string };
    if (step.step === 'form' && step.address) return step.address;
  }
  throw new Error('the form did not open');
}

function boxOf({ github, place }: Sandbox): NonNullable<ReturnType<Sandbox['github']['secret']>> {
  const secret = github.secret(place.repo, place.environment, place.secret);
  if (!secret) throw new Error('the stand-in for GitHub holds no such secret');
  return secret;
}

function expectCode({ code, stderr }: Finished, expected: number): void {
  if (code !== expected)
    throw new Error(`the program ended with ${code} instead of ${expected}: ${stderr.trim()}`);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}
