import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PypiSandbox } from '../../src/sandbox/pypi.ts';
import { startPypi } from '../../src/sandbox/pypi.ts';
import { NOW } from '../support/builders.ts';

const PROVENANCE = '/integrity/sqlrite/0.2.0/sqlrite-0.2.0.tar.gz/provenance';
const V1 = 'application/vnd.pypi.integrity.v1+json';

let pypi: PypiSandbox;

function get(path: string, accept = '*/*'): Promise<Response> {
  return fetch(pypi.url + path, { headers: { accept }, redirect: 'manual' });
}

beforeEach(async () => {
  pypi = await startPypi({ now: () => NOW });
});
afterEach(() => pypi.close());

describe('the stand-in for PyPI', () => {
  it('serves the newest release with its files', async () => {
    const response = await get('/pypi/sqlrite/json');
    expect(await response.json()).toMatchObject({
      info: { name: 'sqlrite', version: '0.2.0' },
      urls: [{ packagetype: 'bdist_wheel' }, { filename: 'sqlrite-0.2.0.tar.gz', packagetype: 'sdist' }],
    });
  });

  it('points from another spelling to the normalized one', async () => {
    const response = await get('/pypi/SQLrite/json');
    expect([response.status, response.headers.get('location')]).toEqual([301, '/pypi/sqlrite/json']);
  });

  it('serves the registered publisher in its own type', async () => {
    const response = await get(PROVENANCE, V1);
    expect(response.headers.get('content-type')).toBe(V1);
    expect(await response.json()).toMatchObject({
      version: 1,
      attestation_bundles: [{ publisher: { kind: 'GitHub', environment: 'release', claims: null } }],
    });
  });

  it('answers 406 to another type', async () => {
    expect((await get(PROVENANCE, 'text/html')).status).toBe(406);
  });

  it('answers 403 while attestations are switched off', async () => {
    pypi.disableAttestations(true);
    expect((await get(PROVENANCE, V1)).status).toBe(403);
  });

  it('answers 404 in JSON for a file without provenance, and with a page for a file that is not there', async () => {
    pypi.setProject('sqlrite', { files: [{ file: 'sqlrite-0.2.0.tar.gz', publishers: undefined }] });
    const [without, absent] = await Promise.all([get(PROVENANCE, V1), get(`${PROVENANCE}x`, V1)]);
    expect([without.status, without.headers.get('content-type')]).toEqual([
      404,
      'application/json; charset=utf-8',
    ]);
    expect([absent.status, absent.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  });

  it('answers 404 for a project that was removed', async () => {
    pypi.removeProject('sqlrite');
    const response = await get('/pypi/sqlrite/json');
    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
  });
});
