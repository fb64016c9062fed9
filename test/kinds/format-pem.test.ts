import { describe, expect, it } from 'vitest';
import { findKind } from '../../src/kinds/catalogue.ts';
import { pemProblems } from '../../src/kinds/format-pem.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const KEY =
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEA\n-----END PRIVATE KEY-----';
const CERTIFICATE = KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE');

describe('pemProblems', () => {
  it.each([
    ['a key', KEY],
    ['a key with a line end', `${KEY}\n`],
    ['line ends of Windows', KEY.replaceAll('\n', '\r\n')],
    ['a chain', `${CERTIFICATE}\n${CERTIFICATE}\n${KEY}\n`],
    ['what openssl writes in front of it', `Bag Attributes\n    friendlyName: release\n${CERTIFICATE}\n`],
    ['a PGP key with headers', KEY.replaceAll('PRIVATE KEY', 'PGP PRIVATE KEY BLOCK')],
    ['one line, on purpose', KEY.replaceAll('\n', '\\n')],
    ['JSON that holds one', `{"type":"service_account","private_key":"${KEY.replaceAll('\n', '\\n')}\\n"}`],
    ['no PEM at all', 'correct horse battery staple'],
    ['words about one', 'what follows -----BEGINS here'],
  ])('says nothing of %s', (_, text) => {
    expect(pemProblems(bytes(text))).toEqual([]);
  });

  it.each([
    [
      'spaces for its line breaks, as a field of one line makes them',
      KEY.replaceAll('\n', ' '),
      'lost its line breaks',
    ],
    ['no line breaks at all', KEY.replaceAll('\n', ''), 'lost its line breaks'],
    ['line breaks of an old Mac, which no reader takes', KEY.replaceAll('\n', '\r'), 'lost its line breaks'],
    ['its END line glued to the rest', KEY.replace('\n-----END', '-----END'), 'lost its line breaks'],
    ['its first line alone, as a terminal cuts it', '-----BEGIN PRIVATE KEY-----', 'has no END line'],
    ['no END line', KEY.slice(0, -25), 'has no END line'],
    ['the END line of another', KEY.replace('END PRIVATE', 'END PUBLIC'), 'has no END line'],
    ['half a first line', '-----BEGIN PRIV', 'its PEM block is cut off'],
    ['a chain whose second block is cut', `${CERTIFICATE}\n${CERTIFICATE.slice(0, 40)}`, 'has no END line'],
    ['a chain on one line', `${CERTIFICATE} ${CERTIFICATE}`.replaceAll('\n', ' '), 'lost its line breaks'],
    ['its end alone', KEY.slice(28), 'not its BEGIN line'],
  ])('says of %s what is wrong and what to do', (_, text, words) => {
    const problems = pemProblems(bytes(text));
    expect(problems).toEqual([expect.stringContaining(words)]);
    expect(problems[0]).toContain('--stdin < FILE');
  });

  it('repeats nothing of it', () => {
    expect(pemProblems(bytes(KEY.replaceAll('\n', ' '))).join()).not.toMatch(/MIIE|PRIVATE/);
  });
});

describe.each(['certificate', 'generic'])('the kind %s', (id) => {
  it('refuses a PEM block that did not arrive whole', () => {
    expect(findKind(id)?.checkFormat(bytes(KEY.replaceAll('\n', ' ')))).toHaveLength(1);
  });
});
