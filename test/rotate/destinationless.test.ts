import { describe, expect, it } from 'vitest';
import { generic } from '../../src/kinds/generic.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { NO_STORE } from '../../src/rotate/no-store.ts';
import { recoverRotations } from '../../src/rotate/recover.ts';
import type { Reader } from '../../src/rotate/rotation.ts';
import { Stop } from '../../src/rotate/stop.ts';
import { rowsOf } from '../support/database.ts';
import type { Scene, SceneOptions } from '../support/rotation.ts';
import { failWrites, mend, openScene, recoveryOf } from '../support/rotation.ts';

const AT = new Date('2027-05-04T03:02:01Z');
const KIND: Kind = { ...generic, shape: 'line', expiry: { known: 'read', how: '' } };
const reader: Reader = {
  read: async () => ({
    expiry: { kind: 'known', at: AT, source: 'read' },
    says: [],
    problems: [],
    warnings: [],
  }),
};
const FOUND = { expiration: { kind: 'found' } } as const;

function open(rotation: SceneOptions['rotation'] = {}): Promise<Scene> {
  return openScene({
    declaration: { kind: KIND.id, destinations: [] },
    rotation: { kind: KIND, reader, issuer: undefined, store: NO_STORE, ...rotation },
  });
}

describe('submit of a credential without a destination', () => {
  it('records its date, asks GitHub nothing, and says that nothing was stored', async () => {
    const scene = await open();
    expect(await scene.finish(FOUND)).toMatchObject({
      outcome: 'recorded',
      version: 1,
      expiry: { at: AT, source: 'read' },
      destinationless: true,
    });
    expect([scene.state(), scene.github.requests, scene.intentsAtPut]).toEqual(['recorded', [], []]);
    expect(scene.events()).toEqual(expect.arrayContaining(['credential.rotated']));
    expect(rowsOf(scene.stores.db, 'destination')).toEqual([]);
  });

  it('asks its issuer without connecting to GitHub', async () => {
    const issuer = { check: async () => ({ verdict: 'live' }) as const };
    const scene = await open({ issuer });
    expect(await scene.finish(FOUND)).toMatchObject({ outcome: 'recorded' });
    expect(scene.github.requests).toEqual([]);
  });

  it('records nothing when a person stops it in time', async () => {
    const stop = new Stop(async () => stop.ask());
    const scene = await open({ stop });
    expect(await scene.finish(FOUND)).toMatchObject({ outcome: 'abandoned' });
    expect([scene.state(), rowsOf(scene.stores.db, 'version')]).toEqual(['abandoned', []]);
  });

  it('is failed when it cannot be recorded, and the next start ends it', async () => {
    const stop = new Stop(async () => failWrites(scene));
    const scene = await open({ stop });
    expect(await scene.finish(FOUND)).toMatchObject({
      outcome: 'failed',
      reasons: [expect.stringContaining('our own record of it failed')],
    });
    mend(scene);
    expect([scene.state(), rowsOf(scene.stores.db, 'version')]).toEqual(['checked', []]);
    await recoverRotations(recoveryOf(scene));
    expect(scene.state()).toBe('abandoned');
  });
});
