import { formatForPeople } from '../domain/calendar.ts';
import { DECODING } from '../kinds/encode.ts';
import { checkHost, unusualHosts } from '../outside.ts';
import type { Rotation } from '../rotate/rotate.ts';
import type { RotationCard } from '../rotate/rotation.ts';
import { alarmCard } from './alarm.ts';
import type { OpenRotation } from './open-rotation.ts';

// Without 0/O, 1/I/L and the like, since people compare it by eye.
const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

/** The runbook card of one rotation, for page and terminal. */
export function makeCard({
  app,
  rotation,
  before,
}: Pick<OpenRotation, 'app' | 'rotation' | 'before'>): RotationCard {
  const { declaration, kind, completes } = rotation;
  const { config, world } = app;
  return {
    credential: declaration.name,
    purpose: declaration.purpose ?? '',
    kindTitle: kind.title,
    issuer: kind.issuer,
    issuerHost: kind.check ? checkHost(kind.check, config) : kind.issuer,
    issuerPage: kind.pages?.renew,
    steps: kind.steps(declaration),
    nameAtIssuer: declaration.nameAtIssuer,
    scopes: declaration.scopes,
    declaredLifetime: declaration.lifetime,
    destinations: [...before].map(([destination, { updatedAt }]) => ({
      destination,
      host: new URL(config.github.apiUrl).host,
      updatedAt,
    })),
    unusualHosts: unusualHosts(kind, config),
    code: matchingCode(world.randomBytes),
    presets: kind.lifetimes.presets,
    customDate: kind.lifetimes.custom,
    never: kind.lifetimes.never,
    statedExpiry: describeStated(rotation),
    expiry: kind.expiry,
    shape: kind.shape,
    password: kind.reader === 'certificate',
    encoding: describeEncoding(rotation),
    proves: kind.check?.proves,
    alarm: alarmCard(app, declaration, kind),
    onlyMissing: completes && {
      version: completes.version,
      already: declaration.destinations.filter((place) => !rotation.destinations.includes(place)),
    },
  };
}

function describeStated({ stated, completes }: Rotation): string | undefined {
  if (completes) {
    const { expiry } = completes.known;
    const when =
      expiry.kind === 'known' ? formatForPeople(expiry.at) : expiry.kind === 'never' ? 'never' : 'not known';
    return `${when}, as recorded with version ${completes.version}`;
  }
  switch (stated?.kind) {
    case undefined:
      return undefined;
    case 'never':
      return 'never';
    case 'expires':
      return formatForPeople(stated.at);
    case 'lifetime':
      return `${stated.lifetime} from now`;
  }
}

function describeEncoding({ declaration, destinations, kind }: Rotation): string | undefined {
  if (destinations.length === 0) return undefined;
  if (declaration.encoding) return `stored base64-encoded: ${DECODING}`;
  return kind.shape === 'file' ? `a file that is no text is stored base64-encoded: ${DECODING}` : undefined;
}

function matchingCode(randomBytes: (size: number) => Uint8Array): string {
  let code = '';
  while (code.length < 6) {
    // 31 letters: bytes from 248 on are left out, so that each letter is equally likely.
    for (const byte of randomBytes(12))
      if (byte < 248 && code.length < 6) code += LETTERS[byte % LETTERS.length];
  }
  return code;
}
