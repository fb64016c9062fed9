/** What a person does with the form, over HTTP as their browser would: open the address, fill in, submit. */
export interface Visit {
  readonly status: number;
  readonly body: string;
}

/** What is filled in, by the name of its field. A `token` of bytes, or without a line to go into, is chosen as a file. */
export type FilledIn = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

export async function openPage(address: string): Promise<Visit> {
  const response = await fetch(address, { headers: { 'sec-fetch-site': 'none' } });
  return { status: response.status, body: await response.text() };
}

/** Sends the form with its hidden nonce, as read from the page, and encoded as that says. */
export async function submitForm(address: string, page: Visit, fields: FilledIn): Promise<Visit> {
  const nonce =
    /name="nonce"[^>]*value="([^"]+)"/.exec(page.body)?.[1] ??
    /value="([^"]+)"[^>]*name="nonce"/.exec(page.body)?.[1];
  if (!nonce) throw new Error('the page has no form');
  const form = entries(page, fields);
  form.set('nonce', nonce);
  const isMultipart = /<form[^>]* enctype="multipart\/form-data"/.test(page.body);
  const { type, body } = isMultipart ? await multipart(form) : urlencoded(form);
  const response = await fetch(address, {
    method: 'POST',
    headers: { origin: new URL(address).origin, 'sec-fetch-site': 'same-origin', 'content-type': type },
    body,
  });
  return { status: response.status, body: await response.text() };
}

/** As a browser has them: every field that the page has for a secret, also where it is left empty. */
function entries(page: Visit, fields: FilledIn): FormData {
  const has = (name: string) => page.body.includes(`name="${name}"`);
  const form = new FormData();
  const { token = '', ...others } = fields;
  const isFile = has('file') && (typeof token !== 'string' || !has('token'));
  if (has('token')) form.set('token', isFile ? '' : Buffer.from(token).toString());
  if (has('file')) form.set('file', isFile ? new File([token], 'chosen') : new File([], ''));
  if (has('password')) form.set('password', '');
  for (const [name, value] of Object.entries(others)) form.set(name, String(value));
  return form;
}

interface Encoded {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

function urlencoded(form: FormData): Encoded {
  const text = new URLSearchParams([...form].map(([name, value]): [string, string] => [name, String(value)]));
  return { type: 'application/x-www-form-urlencoded', body: Buffer.from(text.toString()) };
}

/** As browsers write it (HTML standard, "multipart/form-data encoding algorithm"): Node leaves out a file name that is empty. */
async function multipart(form: FormData): Promise<Encoded> {
  const encoded = new Response(form);
  const type = encoded.headers.get('content-type') ?? '';
  const text = Buffer.from(await encoded.arrayBuffer()).toString('latin1');
  const body = text.replace(/(; name="file")(\r\n)/, '$1; filename=""$2');
  return { type, body: Buffer.from(body, 'latin1') };
}
