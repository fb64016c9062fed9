import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse, sendPage } from './answer.ts';
import { Budget } from './budget.ts';
import type { Gate, RefusalReason, RequestHead, Verdict } from './guard.ts';
import { judge, valuesOf } from './guard.ts';
import type { Life } from './life.ts';
import { crossSitePage } from './page.ts';
import type { Listener } from './server.ts';
import type { Session } from './session.ts';

const WRONG_PER_MINUTE = 60;
// Nobody without the address can touch these two, so noise cannot use them up.
const LOADS_PER_MINUTE = 240;
const SUBMISSIONS_PER_MINUTE = 5;

/** What no person's browser sends by itself. */
const FOREIGN: readonly RefusalReason[] = ['origin', 'upgrade', 'embedded'];

/** Lets in what the guard and the budgets allow. */
export class Door {
  readonly #gate: Gate;
  readonly #listener: Listener;
  readonly #session: Session;
  readonly #life: Life;
  readonly #warn: (text: string) => void;
  readonly #warned = new Set<string>();
  readonly #wrong = new Budget(WRONG_PER_MINUTE);
  readonly #loads = new Budget(LOADS_PER_MINUTE);
  readonly #submissions = new Budget(SUBMISSIONS_PER_MINUTE);

  constructor(gate: Gate, listener: Listener, session: Session, life: Life, warn: (text: string) => void) {
    this.#gate = gate;
    this.#listener = listener;
    this.#session = session;
    this.#life = life;
    this.#warn = warn;
    listener.onOverflow(() =>
      this.#once(
        'headers',
        'a request brought more than 64 KiB of headers and was refused: if it was your browser, it holds too many cookies of other programs on this machine: open the address in a private window',
      ),
    );
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    const head = headOf(request);
    const verdict = judge(head, this.#gate);
    if (this.#budgetFor(verdict).take(performance.now())) {
      this.#follow(verdict, head, request, response);
    } else {
      this.#once(
        'noise',
        'the form is getting more requests than a person makes: some get 429, and it stays open',
      );
      if (verdict.kind === 'submit' || verdict.kind === 'too-long')
        void this.#session.turnAway(request, response, verdict.kind === 'submit' || verdict.drained);
      else refuse(response, 429);
    }
  };

  #follow(verdict: Verdict, head: RequestHead, request: IncomingMessage, response: ServerResponse): void {
    switch (verdict.kind) {
      case 'show':
        this.#listener.keep(request);
        if (head.method === 'GET') this.#life.loaded();
        this.#session.show(response);
        break;
      case 'submit':
        this.#listener.keep(request);
        void this.#session.receive(request, response, verdict);
        break;
      case 'too-long':
        this.#listener.keep(request);
        void this.#session.refuseTooLong(request, response, verdict);
        break;
      case 'cross-site':
        this.#once(
          'site',
          'the form was opened from another page and showed nothing: open its address in a new tab yourself',
        );
        sendPage(response, 403, crossSitePage());
        break;
      case 'refused':
        this.#explain(verdict, head);
        refuse(response, verdict.status);
        break;
    }
  }

  #budgetFor(verdict: Verdict): Budget {
    // Only who has the address gets as far as these.
    if (verdict.kind === 'show' || verdict.kind === 'cross-site') return this.#loads;
    return verdict.kind === 'refused' ? this.#wrong : this.#submissions;
  }

  #explain(verdict: Verdict & { kind: 'refused' }, head: RequestHead): void {
    if (verdict.status === 421) {
      const asked = clean(valuesOf(head, 'host')[0] ?? '');
      this.#once(
        'host',
        `a request for ${asked} was refused: the form answers to ${this.#gate.hosts.join(', ')} only. If you publish it there yourself, set form.public-port or --public-port; if not, it is another program's: use no address but the one above`,
      );
    }
    if (
      verdict.reason === 'path' &&
      head.method === 'POST' &&
      valuesOf(head, 'sec-fetch-site')[0] === 'same-origin'
    ) {
      this.#once(
        'outdated',
        'a tab of an earlier form sent something here and was refused: close it, and open the address above',
      );
    }
    if (FOREIGN.includes(verdict.reason) || (verdict.reason === 'site' && head.method === 'POST')) {
      this.#once(
        'origin',
        'another page tried to send something to the form and was refused; the form stays open',
      );
    }
  }

  #once(kind: string, text: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#warn(text);
  }
}

/** What came in a Host line goes to a terminal: no control characters, no more than a name's worth. */
function clean(text: string): string {
  const printable = text.replace(/[^\x21-\x7e]/g, '?');
  return `"${printable.length > 60 ? `${printable.slice(0, 60)}…` : printable}"`;
}

function headOf(request: IncomingMessage): RequestHead {
  const { method = '', httpVersion, url = '', rawHeaders } = request;
  return { method, httpVersion, url, rawHeaders };
}
