export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What the next line of an AUTH exchange is (RFC 4954). */
export type AuthStep =
  | { readonly expects: 'plain' }
  | { readonly expects: 'user' }
  | { readonly expects: 'password'; readonly user: string };

export interface AuthTurn {
  readonly code: number;
  readonly text: string;
  /** Absent: the exchange is over. */
  readonly next?: AuthStep;
}

const PASSED: AuthTurn = { code: 235, text: '2.7.0 Authenticated' };
const FAILED: AuthTurn = { code: 535, text: '5.7.8 Authentication credentials invalid' };
const CANCELLED: AuthTurn = { code: 501, text: '5.7.0 Authentication cancelled' };

/** AUTH PLAIN (RFC 4616) or LOGIN, with or without an initial response. */
export function beginAuth(credentials: Credentials | undefined, argument: string): AuthTurn {
  const [mechanism = '', initial] = argument.split(' ');
  if (credentials === undefined) return { code: 503, text: '5.5.1 AUTH not offered' };
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
      if (initial === undefined) return { code: 334, text: '', next: { expects: 'plain' } };
      return continueAuth(credentials, { expects: 'plain' }, initial);
    case 'LOGIN':
      if (initial === undefined) return ask('Username:', { expects: 'user' });
      return continueAuth(credentials, { expects: 'user' }, initial);
    default:
      return { code: 504, text: '5.5.4 Unrecognized authentication type' };
  }
}

export function continueAuth(credentials: Credentials | undefined, step: AuthStep, line: string): AuthTurn {
  if (line === '*') return CANCELLED;
  const text = Buffer.from(line, 'base64').toString('utf8');
  if (step.expects === 'user') return ask('Password:', { expects: 'password', user: text });
  const [user, password] = step.expects === 'plain' ? text.split('\0').slice(1) : [step.user, text];
  return credentials?.user === user && credentials?.password === password ? PASSED : FAILED;
}

function ask(prompt: string, next: AuthStep): AuthTurn {
  return { code: 334, text: Buffer.from(prompt).toString('base64'), next };
}
