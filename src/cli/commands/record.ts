import type { App } from '../../app.ts';
import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { formatForPeople, formatInstant } from '../../domain/calendar.ts';
import type { Declaration } from '../../domain/credential.ts';
import { AppError } from '../../domain/error.ts';
import { daysLeft, describeSource } from '../../domain/expiry.ts';
import type { Beyond } from '../../kinds/lifetime-rules.ts';
import { endByRules } from '../../kinds/lifetime-rules.ts';
import { sentence } from '../../kinds/sentence.ts';
import { describeAdopted } from '../../register/record.ts';
import { describeBeyond } from '../../register/status.ts';
import { rulesAgainst } from '../../remind/shortened.ts';
import type { Context, Run } from '../command.ts';
import { textOption } from '../command.ts';
import type { Output } from '../output.ts';

export const run: Run = async (context, given) => {
  const { world, places } = context;
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, true);
    const app = openApp(db, config, places, world);
    const declaration = findDeclared(app, given.arguments[0] ?? '');
    const version = describeAdopted(
      {
        created: textOption(given, 'created'),
        expires: textOption(given, 'expires'),
        lifetime: textOption(given, 'lifetime'),
        never: given.options['never'] === true,
      },
      declaration,
      world.now(),
    );
    app.syncRegister();
    const before = app.register.find(declaration.name)?.current;
    if (before && JSON.stringify(before.expiry) === JSON.stringify(version.expiry)) {
      context.out.talk(
        `version ${before.version} of "${declaration.name}" is recorded with this expiry already; nothing was changed`,
      );
    } else app.register.addVersion(declaration.name, version, world.now());
    return show(context, app, declaration);
  } finally {
    db.close();
  }
};

/** @throws AppError invalid_input naming what there is */
export function findDeclared(app: App, name: string): Declaration {
  const found = app.declared.find((declaration) => declaration.name === name);
  if (found) return found;
  const names = app.declared.map((declaration) => declaration.name);
  throw new AppError(
    'invalid_input',
    `no credential of the configuration is called "${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}"`,
    {
      hints: [names.length > 0 ? `there are: ${names.join(', ')}` : 'declare it under "credentials" first'],
    },
  );
}

function show({ out, world }: Context, app: App, { name, planned }: Declaration): number {
  const stored = app.register.find(name);
  const current = stored?.current;
  if (!current) return 0;
  const now = world.now();
  const { expiry } = current;
  // It is recorded as it was said. Whoever said it hears what speaks against it, and the mails tell it again.
  const beyond = rulesAgainst(stored, now);
  warn(out, name, beyond);
  const end = endByRules(beyond);
  const isOver = (expiry.kind === 'known' && expiry.at <= now) || (end !== undefined && end <= now);
  if (out.json) {
    out.resultJson({
      schemaVersion: 1,
      name,
      version: current.version,
      expiresAt: expiry.kind === 'known' ? formatInstant(expiry.at) : null,
      expirySource: expiry.source,
      daysLeft: daysLeft(expiry, now) ?? null,
      beyondRules: describeBeyond(beyond, now),
    });
    return isOver ? 1 : 0;
  }
  const when = expiry.kind === 'known' ? `expires ${formatForPeople(expiry.at)}` : 'never expires';
  out.result(`${name}: version ${current.version}, ${when} (${describeSource(expiry.source)})`);
  if (planned) out.hint('the configuration still says `planned: true`: remove that line');
  if (!isOver) return 0;
  out.hint(
    `${end && end <= now ? 'by that rule it has ended' : 'that date has passed'}: it counts as expired`,
  );
  return 1;
}

function warn(out: Output, name: string, beyond: readonly Beyond[]): void {
  for (const { text, rule } of beyond) {
    out.talk(`${name}: ${text}`);
    out.hint(rule ? sentence(rule.advice) : 'compare the date with the one that its issuer shows');
  }
}
