import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGitHub } from '../../src/sandbox/github.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';

let tls: { key: string; cert: string };

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-tls-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const make = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', [...make, '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

function statusOf(url: string, ca?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { headers: { 'user-agent': 'test' }, ...(ca === undefined ? {} : { ca }) };
    get(url, options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).on(
      'error',
      reject,
    );
  });
}

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('when a stand-in has a certificate', () => {
  beforeAll(() => {
    tls = selfSigned();
  });

  it('serves GitHub over https, to those who trust it', async () => {
    const github = await startGitHub({ tls });
    expect(github.url).toMatch(/^https:/);
    expect(await statusOf(`${github.url}/meta`, tls.cert)).toBe(200);
    await expect(statusOf(`${github.url}/meta`)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    await github.close();
  });

  it('takes mail over STARTTLS, from those who trust it', async () => {
    const sink = await startMailSink({ tls, credentials: { user: 'u', password: 'p' } });
    const place = { host: '127.0.0.1', port: sink.port, requireTLS: true, auth: { user: 'u', pass: 'p' } };
    const mail = { from: 'a@example.org', to: 'b@example.org', subject: 'secret', text: 'x' };
    await createTransport({ ...place, tls: { ca: tls.cert } }).sendMail(mail);
    expect((await sink.waitForMessages(1))[0]?.subject).toBe('secret');
    await expect(createTransport(place).sendMail(mail)).rejects.toThrow('self-signed certificate');
    await sink.close();
  });
});
