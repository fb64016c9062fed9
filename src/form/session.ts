import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Html } from '../domain/html.ts';
import type {
  RotationCard,
  RotationResult,
  StepReport,
  Submission,
  SubmitOutcome,
} from '../rotate/rotation.ts';
import { beginPage, refuse, sendForm, sendPage } from './answer.ts';
import type { Fields } from './body.ts';
import { discardBody, parseBody, readBody } from './body.ts';
import type { Choice, RawChoice } from './choice.ts';
import { readChoice } from './choice.ts';
import type { Problem } from './fields.ts';
import { fingerprint, matches } from './guard.ts';
import { busyPage, closedPage, formPage, tooLongPage, tooManyPage } from './page.ts';
import { isPastChecked, progressStart, stepItem } from './progress.ts';
import { brokenEnd, refusedEnd, resultEnd } from './result.ts';

export interface SessionOptions {
  readonly card: RotationCard;
  readonly nonce: string;
  readonly maxTokenBytes: number;
  readonly now: () => Date;
  readonly secondsLeft: () => number;
  /** The form ends once this submission has its answer: there will be no other. */
  readonly ending: () => boolean;
  readonly submit: (submission: Submission, progress: (report: StepReport) => void) => Promise<SubmitOutcome>;
  /** False when the form has ended meanwhile. */
  readonly busy: () => boolean;
  readonly reopened: () => void;
  readonly finished: (result: RotationResult) => void;
  /** `submit` itself broke: nothing of it may be shown, but the one who opened the form must hear of it. */
  readonly broken: (error: unknown) => void;
}

/** open: takes a submission · busy: one is on its way · done: none will be taken any more */
type SessionState = 'open' | 'busy' | 'done';

const NOTHING_CHOSEN: RawChoice = { expiration: undefined, expiresOn: undefined };

/** What stands between the guard and `submit`: one token at a time, and one result. */
export class Session {
  readonly #options: SessionOptions;
  readonly #nonce: Uint8Array;
  #state: SessionState = 'open';
  /** An inconclusive answer was given in this session, so storing unchecked may be asked for. */
  #inconclusive = false;
  /** The last answer was inconclusive, so the page offers it. */
  #offering = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#nonce = fingerprint(options.nonce);
  }

  /** Changes nothing. */
  show(response: ServerResponse): void {
    if (this.#state !== 'open') sendPage(response, 409, busyPage());
    else this.#sendForm(response, 200, [], NOTHING_CHOSEN);
  }

  /** @param length as announced, and allowed by the guard */
  async receive(request: IncomingMessage, response: ServerResponse, length: number): Promise<void> {
    const body = await readBody(request, length);
    if (!body) return;
    const fields = parseBody(body);
    if (!fields) {
      refuse(response, 400);
      return;
    }
    try {
      await this.#take(fields, response);
    } finally {
      fields.token.wipe();
    }
  }

  /** Answers a submission that is one too many. Its body is read all the same: who still sends does not see an answer. */
  async turnAway(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await discardBody(request)) sendPage(response, 429, tooManyPage());
  }

  /** Not even looked at, and said in words: a click that ends with nothing says nothing. */
  async refuseTooLong(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await discardBody(request)) sendPage(response, 413, tooLongPage(this.#options.maxTokenBytes));
  }

  async #take(fields: Fields, response: ServerResponse): Promise<void> {
    const { card, now } = this.#options;
    const choice = readChoice(fields, card, now());
    if (!matches(this.#nonce, fields.nonce)) {
      refuse(response, 403);
    } else if (this.#state !== 'open') {
      sendPage(response, 409, busyPage());
    } else if (choice.kind === 'foreign' || (fields.unchecked && !this.#inconclusive)) {
      refuse(response, 400);
    } else {
      await this.#judge(fields, choice, response);
    }
  }

  async #judge(
    fields: Fields,
    choice: Exclude<Choice, { kind: 'foreign' }>,
    response: ServerResponse,
  ): Promise<void> {
    const problems = [...this.#tokenProblems(fields), ...(choice.kind === 'problem' ? [choice] : [])];
    if (choice.kind === 'problem' || problems.length > 0) {
      this.#sendForm(response, 422, problems, fields);
    } else {
      const { token, unchecked } = fields;
      await this.#submit({ token, expiration: choice.expiration, unchecked }, fields, response);
    }
  }

  #tokenProblems({ token }: Fields): readonly Problem[] {
    const { maxTokenBytes } = this.#options;
    if (token.length === 0) return [{ field: 'token', reason: 'The token field was empty.' }];
    if (token.length <= maxTokenBytes) return [];
    return [
      {
        field: 'token',
        reason: `What was pasted is longer than ${maxTokenBytes} bytes: paste the token alone.`,
      },
    ];
  }

  async #submit(submission: Submission, raw: RawChoice, response: ServerResponse): Promise<void> {
    if (!this.#options.busy()) {
      refuse(response, 404);
      return;
    }
    const reply = new Reply(response, this.#options.card);
    this.#state = 'busy';
    try {
      const outcome = await this.#options.submit(submission, (report) => reply.report(report));
      if (outcome.kind === 'finished') {
        this.#state = 'done';
        reply.end(resultEnd(outcome.result, this.#options.card));
        this.#options.finished(outcome.result);
      } else {
        this.#state = 'open';
        this.#offering = outcome.mayStoreUnchecked;
        this.#inconclusive ||= this.#offering;
        this.#refused(outcome, raw, reply);
        this.#options.reopened();
      }
    } catch (error) {
      this.#state = 'done';
      reply.end(brokenEnd());
      this.#options.broken(error);
    }
  }

  #refused(outcome: SubmitOutcome & { kind: 'refused' }, raw: RawChoice, reply: Reply): void {
    const isOver = this.#options.ending();
    if (reply.begun) {
      reply.end(refusedEnd(outcome.reasons, isOver));
    } else if (isOver) {
      sendPage(reply.response, 422, closedPage(outcome.reasons));
    } else {
      const problems = outcome.reasons.map((reason) => ({ field: 'token' as const, reason }));
      this.#sendForm(reply.response, 422, problems, raw);
    }
  }

  #sendForm(response: ServerResponse, status: number, problems: readonly Problem[], chosen: RawChoice): void {
    const { card, nonce, maxTokenBytes, secondsLeft } = this.#options;
    const page = formPage({
      card,
      nonce,
      maxTokenBytes,
      minutesLeft: Math.ceil(secondsLeft() / 60),
      problems,
      chosen,
      offerUnchecked: this.#offering && problems.length > 0,
    });
    sendForm(response, status, page, secondsLeft());
  }
}

/**
 * The answer to a submission. Steps are held back while the form could still be asked for again; from the first one
 * past the check they are sent as they come. Writing to a browser that has gone away does nothing.
 */
class Reply {
  readonly response: ServerResponse;
  readonly #card: RotationCard;
  readonly #held: StepReport[] = [];
  #last: StepReport | undefined;
  begun = false;

  constructor(response: ServerResponse, card: RotationCard) {
    this.response = response;
    this.#card = card;
  }

  report(report: StepReport): void {
    if (this.begun) {
      this.#write(report);
      return;
    }
    this.#held.push(report);
    if (isPastChecked(report)) this.#begin();
  }

  end(last: Html): void {
    if (!this.begun) this.#begin();
    this.response.end(last.text);
  }

  #begin(): void {
    this.begun = true;
    beginPage(this.response);
    this.response.write(progressStart(this.#card).text);
    for (const report of this.#held) this.#write(report);
  }

  #write(report: StepReport): void {
    this.response.write(stepItem(report, this.#card, this.#last).text);
    this.#last = report;
  }
}
