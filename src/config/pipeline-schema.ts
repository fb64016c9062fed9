import { z } from 'zod';
import { entries, list } from './collections.ts';
import * as field from './fields.ts';

// A release pipeline as it is meant to be.

const environment = z.strictObject({
  name: field.environmentName.describe('Name of the environment that publishes'),
  'required-reviewers': list(field.reviewer, 'users and teams, such as [joaoh82]')
    .max(6, { error: 'expected at most 6 reviewers: GitHub takes no more' })
    .default([])
    .describe('Who must approve, as users or org/team'),
  'admins-may-bypass': field
    .flag()
    .optional()
    .describe('Whether administrators may skip the rules; left out: not checked'),
  'wait-timer': field
    .whole('minutes from 0 to 43200, such as 0', [0, 43_200])
    .default(0)
    .describe('Minutes that a job waits'),
  'deployment-branches': list(field.branchPattern, 'branches, such as [main]; leave it out for any branch')
    .min(1)
    .optional()
    .describe('Branches and patterns that may deploy; left out: any'),
  secrets: list(field.secretName, 'names of secrets, such as [CRATES_IO_TOKEN]')
    .default([])
    .describe('Secrets that live in the environment, and nowhere wider'),
});

const branch = z.strictObject({
  'pull-request': field.flag().default(false).describe('Whether changes must come by pull request'),
  approvals: field
    .whole('a number of approvals from 0 to 10, such as 1', [0, 10])
    .default(0)
    .describe('Approvals needed'),
  'conversation-resolution': field.flag().default(false).describe('Whether conversations must be resolved'),
  'admins-may-bypass': field
    .flag()
    .optional()
    .describe('Whether administrators may skip it; left out: not checked'),
  checks: list(
    field.oneLine('the name of a check, such as rust lint', 255),
    'names of checks, such as [rust lint]',
  )
    .default([])
    .describe('Checks that must pass'),
});

const publishers = z
  .strictObject({
    pypi: list(field.pypiName, 'PyPI projects, such as [sqlrite]')
      .default([])
      .describe('Projects with a trusted publisher'),
    npm: list(field.npmName, 'npm packages, such as ["@joaoh82/sqlrite"]')
      .default([])
      .describe('Packages with a trusted publisher'),
    'crates-io': z
      .strictObject({
        crates: list(field.crateName, 'crates, such as [sqlrite]')
          .min(1)
          .describe('Crates that the pipeline publishes'),
        'trusted-publishing': field
          .flag()
          .default(false)
          .describe('Whether they are published without a token'),
      })
      .optional()
      .describe('Crates'),
  })
  .prefault({})
  .describe('What the pipeline publishes, and how');

export const pipeline = z.strictObject({
  repo: field.repo.describe('Repository, as owner/name'),
  workflow: field.workflow.describe('File name of the publishing workflow'),
  environment: environment.describe('The environment that the publishing jobs run in'),
  branches: entries(branch, /^[^\s~^:\\*?[\]]{1,255}$/)
    .default({})
    .describe('Protected branches, by name'),
  publishers,
  hygiene: z
    .strictObject({
      'dependency-updates': field
        .flag()
        .optional()
        .describe('Whether Dependabot or Renovate is set up; left out: not checked'),
      codeowners: field
        .flag()
        .optional()
        .describe('Whether there is a CODEOWNERS file; left out: not checked'),
    })
    .prefault({})
    .describe('What keeps the repository in order'),
});
