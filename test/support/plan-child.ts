import { fileURLToPath } from 'node:url';
import {
  formatForPeople,
  formatInstant,
  lastLocalHour,
  nextLocalHour,
  parseInstant,
} from '../../src/domain/calendar.ts';
import { daysLeft } from '../../src/domain/expiry.ts';
import { messageIdOf } from '../../src/remind/message-id.ts';
import { nextReminder, planCredential } from '../../src/remind/plan.ts';
import { aPolicy, aReminded, aVersion, knownUntil } from './builders.ts';

// Prints everything that depends on time, as one line of JSON: for a test that runs it in other zones and languages.

const EXPIRES = ['2027-02-01', '2027-03-28T01:30:00Z', '2028-02-29', '2027-12-31T23:59:59Z'].map(
  parseInstant,
);
const LOOKS = [
  '2026-12-03T09:00:00Z',
  '2027-03-27T23:30:00Z',
  '2027-10-31T01:00:00Z',
  '2028-02-28T12:00:00Z',
];
const ZONES = ['UTC', 'Europe/Lisbon', 'Australia/Lord_Howe', 'Pacific/Chatham'];

export function everythingAboutTime(): string {
  return JSON.stringify(
    EXPIRES.flatMap((expiresAt) =>
      LOOKS.map(parseInstant).flatMap((now) =>
        ZONES.map((timezone) => {
          const expiry = knownUntil(expiresAt);
          const credential = aReminded({
            current: aVersion({ expiry, recordedAt: parseInstant('2026-11-01') }),
          });
          const policy = aPolicy({ timezone });
          const plan = planCredential(credential, [], policy, now);
          return {
            at: formatInstant(now),
            people: formatForPeople(expiresAt),
            left: daysLeft(expiry, now),
            morning: [nextLocalHour(now, 9, timezone), lastLocalHour(now, 9, timezone)],
            plan,
            next: nextReminder(credential, policy, now),
            id: messageIdOf(
              plan.steps.map(({ key }) => key),
              { installId: 'an-installation', domain: 'example.org' },
            ),
          };
        }),
      ),
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(everythingAboutTime());
