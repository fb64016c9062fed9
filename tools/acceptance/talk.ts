import { createInterface } from 'node:readline';

/** What is said to the person, and what the person says. */
export interface Talk {
  say(text: string): void;
  /** What a service answered to question `id`; `expected` is what reseal is built on. */
  note(id: string, answer: string, expected?: RegExp): void;
  /** Only a plain yes is one. */
  mayWrite(what: string): Promise<boolean>;
  ask(question: string): Promise<string>;
  /** The block for docs/acceptance.md. */
  end(asked: readonly string[]): void;
}

const MOST = 300;

/** @param secrets are left out of whatever is printed, should a service repeat one */
export function openTalk(secrets: readonly string[]): Talk {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const rows: string[] = [];
  const clean = (text: string) =>
    secrets
      .reduce((left, secret) => left.replaceAll(secret, '[a secret]'), text)
      .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
      .slice(0, MOST);
  const ask = async (question: string) => {
    process.stderr.write(`${question} `);
    const { value, done } = await lines.next();
    return done ? '' : clean(String(value).trim());
  };
  return {
    say: (text) => console.log(text),
    note: (id, answer, expected) => {
      const text = clean(answer);
      const verdict = expected === undefined ? 'to note' : expected.test(text) ? 'as expected' : 'OTHER';
      rows.push(`| ${id} | ${verdict} | ${text.replaceAll('|', '\\|')} |`);
      console.log(`${id}  ${verdict}: ${text}`);
    },
    mayWrite: async (what) => /^y(es)?$/i.test(await ask(`${what}. Write it? [y/N]`)),
    ask,
    end: (asked) => {
      const day = new Date().toISOString().slice(0, 10);
      console.log(
        `\nto paste into docs/acceptance.md, under "Answers":\n\n### ${day}: ${asked.join(', ')}\n`,
      );
      console.log(`| | | answer |\n|---|---|---|\n${rows.join('\n')}`);
      process.stdin.destroy();
    },
  };
}
