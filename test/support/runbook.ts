import type { Declaration } from '../../src/domain/credential.ts';
import { known, unavailable } from '../../src/verify/fact.ts';
import type { PipelineFacts } from '../../src/verify/facts.ts';
import { judgePipeline } from '../../src/verify/judge.ts';
import { RULES } from '../../src/verify/rules/all.ts';
import type { Subject } from '../../src/verify/runbook/outline.ts';
import {
  aClassicProtection,
  aContext,
  anEnvironment,
  aPipeline,
  CHECKS,
  facts,
  READ_AT,
} from './pipeline-facts.ts';

// The runbook's subject: the sqlrite pipeline with what its configuration declares.

const PLANNED = {
  kind: 'certificate',
  owner: 'joao',
  nameAtIssuer: undefined,
  scopes: [],
  planned: true,
  destinations: [],
};

export const CREDENTIALS: readonly Declaration[] = [
  {
    name: 'crates-io',
    kind: 'crates-io-token',
    owner: 'joao',
    purpose: 'publishes the sqlrite crates from release.yml',
    lifetime: '365d',
    nameAtIssuer: 'github-actions-release',
    scopes: ['publish-new', 'publish-update'],
    planned: false,
    destinations: [{ repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' }],
  },
  { ...PLANNED, name: 'apple-developer-id', purpose: 'signs the macOS desktop build', lifetime: '5y' },
  { ...PLANNED, name: 'windows-code-signing', purpose: 'signs the Windows desktop build', lifetime: '460d' },
];

/** Declared, and never verified. */
export function aSubject(changes: Partial<Subject> = {}): Subject {
  return {
    pipeline: aPipeline(),
    credentials: CREDENTIALS,
    findings: [],
    verifiedAt: undefined,
    rules: RULES,
    pages: aContext().pages,
    command: 'reseal',
    ...changes,
  };
}

/** As the rules answer it. */
export function aVerifiedSubject(changes: Partial<PipelineFacts> = {}): Subject {
  const findings = judgePipeline(RULES, aContext({ facts: facts(changes) }));
  return aSubject({ findings, verifiedAt: READ_AT });
}

/** One check is missing, a second reviewer is, and nobody may read the rulesets. */
export function aTroubledSubject(): Subject {
  const checks = CHECKS.slice(0, -1).map((context) => ({ context, app: undefined }));
  return aVerifiedSubject({
    environment: known(anEnvironment({ reviewers: [], waitTimer: 30 })),
    branches: new Map([
      [
        'main',
        {
          classic: known(aClassicProtection({ checks, allowsForcePushes: true })),
          rules: known([]),
          rulesets: known([]),
        },
      ],
    ]),
    files: unavailable(
      'permission',
      'the token may not read it: GitHub asks for the permission contents:read',
    ),
  });
}
