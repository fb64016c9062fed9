import type { App } from './app.ts';
import type { Version } from './domain/credential.ts';
import { sameDestination } from './domain/credential.ts';
import { describeError, isAppError } from './domain/error.ts';
import { openSealStore } from './outside.ts';
import type { StoredCredential } from './register/register.ts';
import { adoptionGap } from './remind/adoption.ts';
import type { Report } from './remind/sweep.ts';
import type { SecretStore } from './rotate/rotation.ts';

/** So many credentials a round, so that reading never crowds out sending. */
const A_ROUND = 20;
const HOUR_MS = 3_600_000;

export interface Adoption {
  /** A credential that may have something to look at. */
  note(name: string): void;
  /** Looks at what has been noted. What cannot be read now is read in an hour. */
  look(app: App): Promise<void>;
}

/**
 * What GitHub shows of destinations that reseal has never stored to: kept as the baseline that later changes are told from, and
 * said where it does not fit the recorded creation.
 */
export function openAdoption(report: Report): Adoption {
  const noted = new Set<string>();
  let notBefore = new Date(0);
  return {
    note: (name) => {
      noted.add(name);
    },
    look: async (app) => {
      const now = app.world.now();
      if (!app.config.github.sealTokenFile || now < notBefore) return;
      const due = [...noted].slice(0, A_ROUND).map((name) => app.register.find(name));
      for (const name of [...noted].slice(0, A_ROUND)) noted.delete(name);
      const wanting = due.filter((credential) => credential !== undefined).filter(wantsBaseline);
      if (wanting.length === 0) return;
      try {
        const store = await openSealStore(app.config, app.world);
        for (const credential of wanting) await adopt(app, store, credential, report);
      } catch (error) {
        if (!isAppError(error)) throw error;
        notBefore = new Date(now.getTime() + HOUR_MS);
        for (const { declaration } of wanting) noted.add(declaration.name);
        report({ event: 'baseline.unread', detail: describeError(error) });
      }
    },
  };
}

function wantsBaseline(credential: StoredCredential): credential is StoredCredential & { current: Version } {
  return !credential.retiredAt && credential.current !== undefined && unseen(credential).length > 0;
}

function unseen({ declaration, destinations }: StoredCredential) {
  return declaration.destinations.filter((destination) => {
    const row = destinations.find((stored) => sameDestination(stored.destination, destination));
    return !row || (row.version === undefined && row.remoteUpdatedAt === undefined);
  });
}

async function adopt(
  app: App,
  store: SecretStore,
  credential: StoredCredential & { current: Version },
  report: Report,
): Promise<void> {
  const { name } = credential.declaration;
  for (const destination of unseen(credential)) {
    const { updatedAt } = await store.read(destination);
    const seen = { destination, state: 'never-stored', remoteUpdatedAt: updatedAt } as const;
    const differs = adoptionGap(credential.current, [seen]).length > 0;
    app.register.noteRemote(name, destination, { updatedAt, differs }, app.world.now());
    report({
      event: updatedAt
        ? differs
          ? 'baseline.differs-unconfirmed'
          : 'baseline.kept'
        : 'baseline.missing-failed',
      detail: name,
    });
  }
}
