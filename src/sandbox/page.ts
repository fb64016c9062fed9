import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Html } from '../domain/html.ts';
import { html, trusted } from '../domain/html.ts';
import type { ParsedMail } from './mail.ts';
import type { Sandbox } from './sandbox.ts';

/** A page that shows what the stand-ins hold: the secrets with proof of what opens from them, and the mail as it came. */
export async function startSandboxPage(
  sandbox: Sandbox,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(sandbox, request.url ?? '/').then(({ status, body }) => {
      response.writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        // Mail is shown as it came, so nothing in it may run or be fetched.
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'",
      });
      response.end(body.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => closeServer(server),
  };
}

async function answer(sandbox: Sandbox, path: string): Promise<{ status: number; body: Html }> {
  const mails = await sandbox.mail.waitForMessages(0);
  if (path === '/') return { status: 200, body: overview(sandbox, mails) };
  const match = /^\/mail\/(\d{1,4})\/(html|text)$/.exec(path);
  const mail = match ? mails[Number(match[1])] : undefined;
  if (!match || !mail)
    return { status: 404, body: layout('not found', html`<h1>There is nothing here</h1>`) };
  return match[2] === 'html'
    ? { status: 200, body: trusted(mail.html ?? '') }
    : { status: 200, body: layout(mail.subject ?? '', html`<pre>${mail.text}</pre>`) };
}

function overview(sandbox: Sandbox, mails: readonly ParsedMail[]): Html {
  return layout(
    'The demo’s stand-ins',
    html`<h1>The demo’s stand-ins</h1>
<p>This page shows what the embedded GitHub, crates.io and mail server hold. Load it again to see what has changed.</p>
<h2>Secrets of the environment</h2>${secretCard(sandbox)}
<h2>Mail that arrived</h2>${mails.length === 0 ? html`<p>None yet.</p>` : mails.map(mailCard)}`,
  );
}

function secretCard({ github, place, offeredToken, oldToken }: Sandbox): Html {
  const secret = github.secret(place.repo, place.environment, place.secret);
  if (!secret) return html`<p>None.</p>`;
  const opened = digest(secret.opened);
  const proof =
    opened === digest(Buffer.from(offeredToken))
      ? 'the token that the demo offered for pasting'
      : opened === digest(Buffer.from(oldToken))
        ? 'the old token, from before the rotation'
        : 'neither the old token nor the one that the demo offered';
  return html`<dl><dt>Secret</dt><dd><code>${place.repo} › ${place.environment} › ${place.secret}</code></dd>
<dt>created_at</dt><dd>${secret.createdAt.toISOString()}</dd><dt>updated_at</dt><dd>${secret.updatedAt.toISOString()}</dd>
<dt>The box opens to</dt><dd><strong>${proof}</strong><br>SHA-256 <code>${opened.slice(0, 16)}…</code></dd></dl>`;
}

function mailCard(mail: ParsedMail, index: number): Html {
  return html`<article><h3>${mail.subject}</h3><p>to ${mail.recipients.join(', ')} ·
<a href="/mail/${index}/html">alone</a> · <a href="/mail/${index}/text">as text</a></p>
<iframe title="${mail.subject}" src="/mail/${index}/html" sandbox=""></iframe></article>`;
}

const STYLE =
  trusted(`:root{color-scheme:light dark}body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
article{border:1px solid #8884;border-radius:10px;padding:1rem;margin:1rem 0}h3{margin:0 0 .3rem}article p{margin:.2rem 0 .8rem}
iframe{width:100%;height:34rem;border:1px solid #8884;border-radius:6px}pre{white-space:pre-wrap;overflow-wrap:anywhere}`);

function layout(title: string, body: Html): Html {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
