/** What a person does with the form, over HTTP as their browser would: open the address, fill in, submit. */
export interface Visit {
  readonly status: number;
  readonly body: string;
}

export async function openPage(address: string): Promise<Visit> {
  const response = await fetch(address, { headers: { 'sec-fetch-site': 'none' } });
  return { status: response.status, body: await response.text() };
}

/** Sends the form with its hidden nonce, as read from the page. */
export async function submitForm(
  address: string,
  page: Visit,
  fields: Readonly<Record<string, string>>,
): Promise<Visit> {
  const nonce =
    /name="nonce"[^>]*value="([^"]+)"/.exec(page.body)?.[1] ??
    /value="([^"]+)"[^>]*name="nonce"/.exec(page.body)?.[1];
  if (!nonce) throw new Error('the page has no form');
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      origin: new URL(address).origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ nonce, ...fields }).toString(),
  });
  return { status: response.status, body: await response.text() };
}
