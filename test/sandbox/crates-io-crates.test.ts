import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CratesIoSandbox } from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import { NOW } from '../support/builders.ts';

let cratesIo: CratesIoSandbox;

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(cratesIo.url + path, { headers: { 'user-agent': 'test' } });
  return { status: response.status, body: await response.json() };
}

beforeEach(async () => {
  cratesIo = await startCratesIo({ now: () => NOW });
});
afterEach(() => cratesIo.close());

describe('the public side of the stand-in for crates.io', () => {
  it('serves a crate without its versions', async () => {
    expect(await get('/api/v1/crates/sqlrite?include=')).toMatchObject({
      status: 200,
      body: { crate: { name: 'sqlrite', trustpub_only: false, newest_version: '0.2.0' }, versions: null },
    });
  });

  it.each(['', '?include=full', '?include=keywords,versions'])('serves it with them at %s', async (query) => {
    expect((await get(`/api/v1/crates/sqlrite${query}`)).body).toMatchObject({
      versions: [{ num: '0.2.0', trustpub_data: null }, { num: '0.1.0' }],
    });
  });

  it('serves versions in pages, the last full one naming an empty next', async () => {
    const first = await get('/api/v1/crates/sqlrite/versions?per_page=2&sort=date');
    expect(first.body).toMatchObject({
      versions: [{ num: '0.2.0', trustpub_data: null }, { num: '0.1.0' }],
      meta: { total: 2, next_page: '?per_page=2&sort=date&seek=2' },
    });
    const second = await get('/api/v1/crates/sqlrite/versions?per_page=2&sort=date&seek=2');
    expect(second.body).toEqual({ versions: [], meta: { total: 2, next_page: null } });
  });

  it('changes one thing and leaves the rest', async () => {
    cratesIo.setCrate('sqlrite', { trustedPublishingOnly: true });
    expect((await get('/api/v1/crates/SQLRITE')).body).toMatchObject({
      crate: { name: 'sqlrite', trustpub_only: true, num_versions: 2 },
    });
  });

  it("answers in crates.io's words for a crate that was removed", async () => {
    cratesIo.removeCrate('sqlrite');
    expect(await get('/api/v1/crates/sqlrite/versions')).toEqual({
      status: 404,
      body: { errors: [{ detail: 'crate `sqlrite` does not exist' }] },
    });
  });
});
