import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Expiry } from '../../src/domain/expiry.ts';
import { generic } from '../../src/kinds/generic.ts';
import type { Kind, Reading } from '../../src/kinds/kind.ts';
import type { IssuerAnswer, Reader } from '../../src/rotate/rotation.ts';
import { aVersion, DESTINATION, daysFromNow } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import type { Scene, SceneOptions } from '../support/rotation.ts';
import { openScene } from '../support/rotation.ts';
import { secretOf } from '../support/stand-ins.ts';

const FOUND = { expiration: { kind: 'found' } } as const;
const UNTIL: Expiry = { kind: 'known', at: new Date('2027-05-04T03:02:01Z'), source: 'read' };
const OBSERVED: Expiry = { ...UNTIL, source: 'observed' };

/** Of a known kind, so that nothing is guessed about its values. */
const PLAIN: Kind = { ...generic, shape: 'line' };

function aReading(overrides: Partial<Reading> = {}): Reading {
  return { expiry: UNTIL, says: [], problems: [], warnings: [], ...overrides };
}

/** Of which the date can be read. */
const READ: Kind = { ...PLAIN, issuer: 'Acme', expiry: { known: 'read', how: '' } };

/** A reader to which every value says this. */
function saying(reading: Reading): { readonly reader: Reader } {
  return { reader: { read: async () => reading } };
}

function open(kind: Kind, rotation: SceneOptions['rotation'] = {}, lifetime?: '365d'): Promise<Scene> {
  const declaration = { kind: kind.id, lifetime };
  return openScene({ declaration, rotation: { kind, issuer: undefined, ...rotation } });
}

/** An issuer that answers this, and counts how often it was asked. */
function answering(answer: IssuerAnswer) {
  let asked = 0;
  const check = async () => {
    asked++;
    return answer;
  };
  return { check, asked: () => asked };
}

const OBSERVING: Kind = {
  ...PLAIN,
  issuer: 'Acme',
  expiry: { known: 'observed', how: '' },
  check: { registry: 'github', proves: 'that it works' },
};

function expectNothingStored(scene: Scene): void {
  expect([scene.state(), scene.stored()]).toEqual(['opened', 'the old one']);
}

describe('submit of a credential that says when it ends', () => {
  it('records that date as read, and tells what it said', async () => {
    const reading = aReading({ says: [{ label: 'Subject', text: 'Acme' }], warnings: ['it is young'] });
    const scene = await open(READ, saying(reading));
    expect(await scene.finish(FOUND)).toMatchObject({
      outcome: 'recorded',
      expiry: UNTIL,
      says: reading.says,
      warnings: reading.warnings,
    });
    const checked = scene.steps.find(({ step }) => step === 'checked');
    expect(checked).toMatchObject({ outcome: 'not-asked', detail: 'Subject: Acme; it is young' });
  });

  it('takes the read date where the chosen one is no more than a day away', async () => {
    const scene = await open(READ, saying(aReading()));
    const expiration = { kind: 'date', date: '2027-05-04' } as const;
    expect(await scene.finish({ expiration })).toMatchObject({ expiry: UNTIL });
  });

  it('refuses another date than the chosen one, before its issuer is asked', async () => {
    const issuer = answering({ verdict: 'live' });
    const scene = await open(READ, { ...saying(aReading()), issuer });
    const outcome = await scene.submit({ expiration: { kind: 'date', date: '2027-06-01' } });
    expect(outcome).toMatchObject({ kind: 'refused', field: 'expiration' });
    expect(issuer.asked()).toBe(0);
    expectNothingStored(scene);
  });

  it('refuses one that has ended', async () => {
    const ended: Expiry = { kind: 'known', at: daysFromNow(-1), source: 'read' };
    const scene = await open(READ, saying(aReading({ expiry: ended })));
    const outcome = await scene.submit(FOUND);
    expect(outcome).toMatchObject({ kind: 'refused', reasons: [expect.stringContaining('it ended on')] });
    expectNothingStored(scene);
  });

  it('asks about one that ends before the one it replaces, and takes it the second time', async () => {
    const soon: Expiry = { kind: 'known', at: daysFromNow(5), source: 'read' };
    const scene = await open(READ, { ...saying(aReading({ expiry: soon })), current: aVersion() });
    expect(await scene.submit(FOUND)).toMatchObject({
      kind: 'refused',
      reasons: [expect.stringContaining('send the same once more')],
    });
    expect(await scene.finish(FOUND)).toMatchObject({ outcome: 'recorded', expiry: soon });
  });

  it('asks for the date where this one does not carry it, before its issuer is asked', async () => {
    const issuer = answering({ verdict: 'live' });
    const kind: Kind = { ...READ, expiry: { known: 'read-or-entered', how: '' } };
    const scene = await open(kind, { ...saying(aReading({ expiry: undefined })), issuer });
    expect(await scene.submit(FOUND)).toEqual({
      kind: 'refused',
      reasons: ['it does not say when it ends: choose the date'],
      mayStoreUnchecked: false,
      field: 'expiration',
    });
    expect(issuer.asked()).toBe(0);
    const chosen = await scene.finish({ expiration: { kind: 'date', date: '2027-01-01' } });
    expect(chosen.expiry).toMatchObject({ source: 'entered' });
  });

  it('refuses what is wrong with it, before its issuer is asked', async () => {
    const issuer = answering({ verdict: 'live' });
    const problems = ['this is a public key: give the private one'];
    const scene = await open(READ, { ...saying(aReading({ problems })), issuer });
    expect(await scene.submit(FOUND)).toMatchObject({ kind: 'refused', reasons: problems });
    expect([issuer.asked(), scene.steps.at(-1)?.detail]).toEqual([0, problems[0]]);
    expectNothingStored(scene);
  });
});

describe('submit of what a password opens', () => {
  it('hands the password to the reader, says where it is about that, and wipes both', async () => {
    const seen: (string | undefined)[] = [];
    const reader: Reader = {
      read: async (_, password) => {
        seen.push(password && Buffer.from(password.reveal()).toString());
        return aReading(password ? {} : { problems: ['a password locks it'], about: 'password' });
      },
    };
    const kind: Kind = { ...generic, expiry: { known: 'read', how: '' }, reader: 'certificate' };
    const scene = await open(kind, { reader });
    expect(await scene.submit(FOUND)).toMatchObject({ kind: 'refused', field: 'password' });
    const [token, password] = [secretOf('a certificate'), secretOf('open sesame')];
    expect(await scene.finish({ ...FOUND, token, password })).toMatchObject({ outcome: 'recorded' });
    expect(seen).toEqual([undefined, 'open sesame']);
    expect([token, password].map((one) => one.reveal().every((byte) => byte === 0))).toEqual([true, true]);
  });
});

describe('submit where the issuer says when it ends', () => {
  it('records that date as observed, and tells what the issuer said', async () => {
    const says = [{ label: 'User', text: 'ada' }];
    const answer: IssuerAnswer = { verdict: 'live', expiry: OBSERVED, says, warnings: ['it may do more'] };
    const scene = await open(OBSERVING, { issuer: answering(answer) });
    expect(await scene.finish(FOUND)).toMatchObject({
      expiry: OBSERVED,
      says,
      warnings: ['it may do more'],
    });
  });

  it('records never where the issuer says so', async () => {
    const expiry: Expiry = { kind: 'never', source: 'observed' };
    const scene = await open(OBSERVING, { issuer: answering({ verdict: 'live', expiry }) });
    expect(await scene.finish(FOUND)).toMatchObject({ expiry });
  });

  it('refuses another date than the one that was said, naming both', async () => {
    const scene = await open(OBSERVING, { issuer: answering({ verdict: 'live', expiry: OBSERVED }) });
    const outcome = await scene.submit({ expiration: { kind: 'days', days: 365 } });
    expect(outcome).toMatchObject({
      kind: 'refused',
      field: 'expiration',
      reasons: [expect.stringMatching(/Acme says .*2027-05-04.*2027-11-23/)],
    });
    expectNothingStored(scene);
  });

  it('asks for the date where a live one has none', async () => {
    const scene = await open(OBSERVING, { issuer: answering({ verdict: 'live' }) });
    expect(await scene.submit(FOUND)).toMatchObject({ kind: 'refused', field: 'expiration' });
    expectNothingStored(scene);
  });

  it('needs a date where it could not be asked, and takes what was said', async () => {
    const issuer = answering({ verdict: 'inconclusive', reason: 'Acme answered 503' });
    const scene = await open(OBSERVING, { issuer }, '365d');
    expect(await scene.submit(FOUND)).toMatchObject({ kind: 'refused', mayStoreUnchecked: true });
    expect(await scene.submit({ ...FOUND, unchecked: true })).toMatchObject({
      kind: 'refused',
      mayStoreUnchecked: false,
      field: 'expiration',
      reasons: [expect.stringContaining('Acme could not be asked')],
    });
    const expiration = { kind: 'date', date: '2027-01-01' } as const;
    const { expiry } = await scene.finish({ expiration, unchecked: true });
    expect(expiry).toMatchObject({ kind: 'known', source: 'entered' });
  });
});

describe('submit beyond what an issuer gives', () => {
  const rule = { since: '2026-01-01', maxDays: 90, advice: 'Renew it.', source: 'the test' };
  const capped: Kind = { ...PLAIN, issuer: 'Acme', lifetimes: { ...generic.lifetimes, rules: [rule] } };

  it('asks once', async () => {
    const scene = await open(capped);
    expect(await scene.submit()).toMatchObject({
      kind: 'refused',
      field: 'expiration',
      reasons: [expect.stringMatching(/Acme.*90 days.*send the same once more/)],
    });
    expect(await scene.finish()).toMatchObject({ outcome: 'recorded' });
  });

  it('warns where nobody can be asked', async () => {
    const scene = await open(capped, { oneTry: true });
    expect(await scene.finish()).toMatchObject({
      outcome: 'recorded',
      warnings: [expect.stringMatching(/Acme.*90 days/)],
    });
  });

  it('says nothing of a date within it', async () => {
    const scene = await open(capped);
    expect(await scene.finish({ expiration: { kind: 'days', days: 90 } })).not.toHaveProperty('warnings');
  });
});

describe('submit of what is a mistake as a rule', () => {
  const keyless = aReading({ questions: ['there is no key with it'] });

  it('asks once for each value, stores nothing before, and takes it then', async () => {
    const scene = await open(READ, saying(keyless));
    const token = () => secretOf('without a key');
    const asked = {
      kind: 'refused',
      mayStoreUnchecked: false,
      reasons: ['there is no key with it: if that is meant, send the same once more'],
    };
    expect(await scene.submit({ ...FOUND, token: token() })).toEqual(asked);
    expectNothingStored(scene);
    expect(await scene.submit({ ...FOUND, token: secretOf('another without a key') })).toEqual(asked);
    expect(await scene.finish({ ...FOUND, token: token() })).toMatchObject({ outcome: 'recorded' });
    expect(scene.stored()).toBe('without a key');
  });

  it('warns where nobody can be asked', async () => {
    const scene = await open(READ, { ...saying(keyless), oneTry: true });
    expect(await scene.finish(FOUND)).toMatchObject({
      outcome: 'recorded',
      warnings: ['there is no key with it'],
    });
  });

  it('says nothing where nothing is stored', async () => {
    const rotation = { kind: READ, issuer: undefined, ...saying(keyless) };
    const scene = await openScene({ declaration: { destinations: [] }, rotation });
    expect(await scene.finish(FOUND)).not.toHaveProperty('warnings');
  });
});

describe('submit of what begins later', () => {
  it('warns of it, and of the clock', async () => {
    const begins = new Date('2026-12-24T06:00:00Z');
    const scene = await open(READ, saying(aReading({ begins })));
    expect(await scene.finish(FOUND)).toMatchObject({
      outcome: 'recorded',
      warnings: [expect.stringMatching(/^it begins at 2026-12-24 06:00 UTC, .*clock/)],
    });
  });

  it('says nothing of what began, or begins by a clock that is a little ahead', async () => {
    const scene = await open(READ, saying(aReading({ begins: new Date(daysFromNow(0).getTime() + 60_000) })));
    expect(await scene.finish(FOUND)).not.toHaveProperty('warnings');
  });
});

describe('submit of an unknown kind', () => {
  const npmLike = `npm_${randomBytes(18).toString('hex')}`;

  it('says what it looks like, asks nobody, and repeats nothing of it', async () => {
    const scene = await open(generic);
    const result = await scene.finish({ token: secretOf(npmLike) });
    expect(result.warnings).toEqual([
      expect.stringMatching(/^this looks like an npm .*`kind: npm-token` in the configuration/),
    ]);
    expect(scene.cratesIo.requests).toEqual([]);
    const told = Buffer.from(JSON.stringify([result, scene.steps]));
    expect(findLeaks(npmLike, new Map([['told', told]]))).toEqual([]);
  });

  it('says nothing where it looks like nothing', async () => {
    const scene = await open(generic);
    const result = await scene.finish({ token: secretOf(randomBytes(20).toString('base64url')) });
    expect([result.outcome, result.warnings, scene.stored(DESTINATION)?.length]).toEqual([
      'recorded',
      undefined,
      27,
    ]);
  });
});
