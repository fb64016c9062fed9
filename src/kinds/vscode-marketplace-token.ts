import { lineFormat } from './format.ts';
import type { Kind, LifetimeRule } from './kind.ts';

// The first date of this retirement, 2026-03-15 for new ones, was taken back on 2026-03-05: they could be made until the end.
const GLOBAL_TOKENS_END: LifetimeRule = {
  since: '2026-12-01',
  olderEnd: '2026-12-01',
  about: 'tokens for "All accessible organizations"',
  partial: true,
  advice:
    'Look up which organization yours is for, in the list of tokens. If it is for all of them, make one for a single organization now and try a release with it, or publish without a stored token',
  source:
    'https://devblogs.microsoft.com/devops/retirement-of-global-personal-access-tokens-in-azure-devops/',
};

// The cap is older than that: the day is the earliest on which a publisher wrote it down (prisma/language-tools, issue 323).
const ONE_YEAR: LifetimeRule = {
  since: '2020-07-10',
  maxDays: 366,
  advice: 'Choose a date within a year; the administrators of the organization may have set a shorter limit',
  source:
    'https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/admin-revoke-user-pats ("not to exceed one year")',
};

// No live check: whether a token may publish is asked for by the publisher's name (vsce verify-pat), which reseal does not know.
export const vscodeMarketplaceToken: Kind = {
  id: 'vscode-marketplace-token',
  title: 'Visual Studio Marketplace token',
  issuer: 'Azure DevOps',
  pages: {
    make: 'https://dev.azure.com/',
    renew: 'https://dev.azure.com/',
    revoke: 'https://dev.azure.com/',
  },
  steps: ({ nameAtIssuer }) => [
    'Sign in to your organization, open User settings beside your picture, and choose Personal access tokens.',
    `Press New Token${nameAtIssuer ? `, and name it "${nameAtIssuer}"` : ''}.`,
    'Choose your organization, and never "All accessible organizations": those stop working on 2026-12-01.',
    'Set Expiration (UTC): Custom defined, a year from today at most.',
    'Under Scopes choose Custom defined, press Show all scopes, and tick Manage below Marketplace, and nothing else.',
    'Press Create and copy the token: it is shown once.',
    'Try it with `vsce verify-pat PUBLISHER` before the release needs it.',
  ],
  breaks: 'extensions can no longer be published with it: the release stops at `vsce publish`',
  scopes: ['Marketplace (Read)', 'Marketplace (Acquire)', 'Marketplace (Publish)', 'Marketplace (Manage)'],
  grant: 'Marketplace (Manage) alone, for one organization: it reaches every extension of the publisher.',
  lifetimes: { presets: [30, 60, 90], custom: true, never: false, rules: [GLOBAL_TOKENS_END, ONE_YEAR] },
  expiry: {
    known: 'entered',
    how: 'only the person who made it knows: the list of tokens shows the date, and what lists them by program takes no such token',
  },
  check: undefined,
  afterwards:
    'The old token stays alive until its own date: select it in the list of tokens and press Revoke once the new one has been used in a release.',
  leak: {
    means:
      'whoever has it can publish, replace and take down every extension of the publisher, and an update reaches its users by itself',
    automatic:
      'Microsoft scans public repositories on GitHub and tells the owner; where the organization belongs to a Microsoft Entra tenant, it revokes what it finds, unless its administrators have switched that off',
  },
  instead: {
    text: 'publish without a stored token: `vsce publish --azure-credential` with an identity of Microsoft Entra that trusts the workflow, or `vsce publish --oidc` (vsce 4) where the Marketplace accepts a trusted publisher already, which in 2026 it did not for everybody',
    link: 'https://code.visualstudio.com/api/working-with-extensions/publishing-extension#secure-automated-publishing-to-visual-studio-marketplace',
  },
  shape: 'line',
  checkFormat: lineFormat({
    kind: 'vscode-marketplace-token',
    what: 'an Azure DevOps token',
    pattern: /^(?:[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}|[a-z0-9]{52})$/,
    expected:
      'an Azure DevOps token is 84 letters or digits with "AZDO" before the last four, or, of the older form, 52 small letters or digits: this is neither',
  }),
  sources: [
    'https://devblogs.microsoft.com/devops/retirement-of-global-personal-access-tokens-in-azure-devops/',
    'https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate',
    'https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/manage-pats-with-policies-for-administrators',
    'https://learn.microsoft.com/en-us/purview/sit-defn-azure-devops-personal-access-token (the form)',
    'https://github.com/microsoft/azure-devops-extension-tasks/issues/1651 (one organization suffices to publish)',
    'https://github.com/microsoft/vscode-vsce/pull/1291 and https://github.com/microsoft/vsmarketplace/issues/1422 (trusted publishing)',
  ],
};
