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
import { discardBody, readBody } from './body.ts';
import type { AskedAnyway, Choice, RawChoice } from './choice.ts';
import { readChoice } from './choice.ts';
import type { Problem } from './fields.ts';
import type { Given } from './given.ts';
import { readGiven, readPassword, secretNames } from './given.ts';
import type { Verdict } from './guard.ts';
import { fingerprint, matches } from './guard.ts';
import { parseMultipart } from './multipart.ts';
import { busyPage, closedPage, formPage, tooLongPage, tooManyPage } from './page.ts';
import { isPastChecked, progressStart, stepItem } from './progress.ts';
import { brokenEnd, refusedEnd, resultEnd } from './result.ts';
import type { Fields } from './sent.ts';
import { wipeFields } from './sent.ts';
import { parseUrlencoded } from './urlencoded.ts';

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

const NOTHING_CHOSEN: RawChoice = { expiration: undefined, expiresOn: undefined, unchecked: false };

/** What the page was filled in with, as far as it is shown again. */
interface Filled {
  readonly raw: RawChoice;
  readonly given: Given;
}

/** What stands between the guard and `submit`: one token at a time, and one result. */
export class Session {
  readonly #options: SessionOptions;
  readonly #nonce: Uint8Array;
  #state: SessionState = 'open';
  /** An inconclusive answer was given in this session, so storing unchecked may be asked for. */
  #inconclusive = false;
  /** The last answer was inconclusive, so the page offers it. */
  #offering = false;
  /** An answer in this session was about the expiry, so that a person has to say it. */
  #undated = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#nonce = fingerprint(options.nonce);
  }

  /** Changes nothing. */
  show(response: ServerResponse): void {
    if (this.#state !== 'open') sendPage(response, 409, busyPage());
    else this.#sendForm(response, 200, [], NOTHING_CHOSEN);
  }

  /** @param allowed by the guard, with the length that was announced */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    allowed: Verdict & { kind: 'submit' },
  ): Promise<void> {
    const body = await readBody(request, allowed.length);
    if (!body) return;
    const names = secretNames(this.#options.card);
    const fields =
      allowed.boundary === undefined
        ? parseUrlencoded(body, names)
        : parseMultipart(body, allowed.boundary, names);
    if (!fields) {
      refuse(response, 400);
      return;
    }
    try {
      await this.#take(fields, response);
    } finally {
      wipeFields(fields);
    }
  }

  /** Answers a submission that is one too many. Its body is read all the same: who still sends does not see an answer. */
  async turnAway(request: IncomingMessage, response: ServerResponse, drained = true): Promise<void> {
    if (!drained || (await discardBody(request))) sendPage(response, 429, tooManyPage(this.#options.card));
  }

  /** Not even looked at, and said in words: a click that ends with nothing says nothing. */
  async refuseTooLong(
    request: IncomingMessage,
    response: ServerResponse,
    { drained }: Verdict & { kind: 'too-long' },
  ): Promise<void> {
    const { card, maxTokenBytes } = this.#options;
    // Of a body without measure the length that was announced says enough, and the connection closes with the answer.
    if (!drained || (await discardBody(request))) sendPage(response, 413, tooLongPage(card, maxTokenBytes));
  }

  async #take(fields: Fields, response: ServerResponse): Promise<void> {
    const { card, now } = this.#options;
    const choice = readChoice(fields, card, now(), this.#anyway(this.#inconclusive));
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
    const { card, maxTokenBytes } = this.#options;
    const given = readGiven(fields, card, maxTokenBytes);
    const password = readPassword(fields);
    const problems = [given, password, choice].filter(isProblem);
    if ('reason' in given || isProblem(password) || choice.kind === 'problem') {
      this.#sendForm(response, 422, problems, fields);
    } else {
      const { token } = given;
      const { unchecked } = fields;
      const submission = { token, password, expiration: choice.expiration, unchecked };
      await this.#submit(submission, { raw: fields, given }, response);
    }
  }

  async #submit(submission: Submission, form: Filled, response: ServerResponse): Promise<void> {
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
        this.#undated ||= outcome.field === 'expiration';
        this.#refused(outcome, form, reply);
        this.#options.reopened();
      }
    } catch (error) {
      this.#state = 'done';
      reply.end(brokenEnd());
      this.#options.broken(error);
    }
  }

  #refused(outcome: SubmitOutcome & { kind: 'refused' }, { raw, given }: Filled, reply: Reply): void {
    const isOver = this.#options.ending();
    if (reply.begun) {
      reply.end(refusedEnd(outcome.reasons, isOver));
    } else if (isOver) {
      sendPage(reply.response, 422, closedPage(outcome.reasons, this.#options.card));
    } else {
      const field = outcome.field ?? given.field;
      const problems = outcome.reasons.map((reason) => ({ field, reason }));
      this.#sendForm(reply.response, 422, problems, raw);
    }
  }

  #sendForm(response: ServerResponse, status: number, problems: readonly Problem[], chosen: RawChoice): void {
    const { card, nonce, maxTokenBytes, secondsLeft } = this.#options;
    const offerUnchecked = this.#offering && problems.length > 0;
    const page = formPage({
      card,
      nonce,
      maxTokenBytes,
      minutesLeft: Math.ceil(secondsLeft() / 60),
      problems,
      chosen,
      offerUnchecked,
      anyway: this.#anyway(offerUnchecked),
    });
    sendForm(response, status, page, secondsLeft());
  }

  #anyway(mayBeUnchecked: boolean): AskedAnyway {
    if (this.#undated) return 'undated';
    return mayBeUnchecked ? 'unchecked' : 'no';
  }
}

function isProblem(one: object | undefined): one is Problem {
  return one !== undefined && 'reason' in one;
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
