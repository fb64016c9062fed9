import { findKind } from '../../kinds/catalogue.ts';
import type { Draft, Prose } from './document.ts';
import { label, say } from './document.ts';
import type { Subject } from './outline.ts';
import { credentialsHere, settingsPage, site } from './outline.ts';

/** How to take it back: a token, a publisher, a rule for an hour. */
export function rollback(subject: Subject): readonly Draft[] {
  return [revoke(subject), ...removePublisher(subject), hotfix(subject), writeDown(subject)];
}

function revoke(subject: Subject): Draft {
  const credentials = credentialsHere(subject);
  return {
    title: 'A token leaked: end it',
    before:
      credentials.length === 0
        ? [say`This pipeline stores no token. Look for undeclared ones in the environment.`]
        : credentials.map(({ name, kind }) => {
            const known = findKind(kind);
            const revokePage = known?.pages?.revoke;
            const where = revokePage === undefined ? [known?.issuer ?? 'its issuer'] : [site(revokePage)];
            return say`${name}: revoke it at ${where} first, before anything else. ${[known?.revoking ?? '']}`;
          }),
    code: credentials.map(({ name }) => `${subject.command} rotate ${name} --leaked`),
    after: [
      say`Look at what was published since the old token was made, and take back what you did not release: ${'cargo yank'}, ${'npm deprecate'}, or ${label('Yank')} at PyPI.`,
      say`Look at the runs that wait for approval at ${settingsPage(subject, 'actions', 'GitHub › Actions')}: a job reads the secrets of its environment when it starts, so one that waits gets the new token. Reject what you do not know.`,
    ],
    why: say`The old token goes on working until it is revoked, whatever is stored here.`,
  };
}

function removePublisher(subject: Subject): readonly Draft[] {
  const { publishers } = subject.pipeline;
  const { pages } = subject;
  const places: readonly Prose[] = [
    ...(publishers.cratesIo?.trustedPublishing ? publishers.cratesIo.crates : []).map(
      (name) =>
        say`${{ text: `crates.io › ${name} › Settings`, address: `${pages.cratesIo}/crates/${name}/settings` }}: ${label('Remove')} beside the publisher.`,
    ),
    ...publishers.pypi.map(
      (name) =>
        say`${{ text: `PyPI › ${name} › Publishing`, address: `${pages.pypi}/manage/project/${name}/settings/publishing/` }}: ${label('Remove')} beside the publisher.`,
    ),
    ...publishers.npm.map(
      (name) =>
        say`${{ text: `npm › ${name} › Settings`, address: `${pages.npm}/package/${name}/access` }}: delete the publisher under ${label('Trusted Publisher')}.`,
    ),
  ];
  if (places.length === 0) return [];
  return [
    {
      title: 'The workflow or the repository is not trusted any more: remove the publishers',
      before: places,
      after: [
        say`To stop everything at once, first choose ${label('Selected branches and tags')} at the environment and delete every rule in its list: no job gets in.`,
      ],
      why: say`A publisher trusts whatever the workflow file says. Removing it does not unpublish anything.`,
    },
  ];
}

function hotfix(subject: Subject): Draft {
  const branch = subject.pipeline.branches[0];
  const binding = branch?.adminsMayBypass === false;
  return {
    title: 'A hotfix cannot wait: pass the rule by, and close it again',
    page: settingsPage(subject, 'settings/branches', 'GitHub › Settings › Branches'),
    before: [
      say`Write the reason down first (next step).`,
      binding
        ? say`Untick ${label('Do not allow bypassing the above settings')} for ${branch.name}, and save.`
        : say`As an administrator, merge with ${label('Merge without waiting for requirements to be met (bypass rules)')}. Change no rule.`,
      say`Merge this one pull request, and release it. At the environment, approve as always; use ${label('Start all waiting jobs')} only if nobody who may approve can be reached.`,
      binding
        ? say`Tick ${label('Do not allow bypassing the above settings')} again, and save. Within the hour, and the same person.`
        : say`Have the change reviewed afterwards, by somebody else if there is anybody else.`,
    ],
    code: [`${subject.command} verify ${subject.pipeline.name}`],
    after: [say`It must say the same as before the hotfix. Write that down as well.`],
    why: say`A rule that was opened in a hurry and stays open is how the next release is stolen.`,
  };
}

function writeDown(subject: Subject): Draft {
  return {
    title: 'The reason, written down',
    page: settingsPage(subject, 'issues/new', 'GitHub › Issues › New issue'),
    before: [say`One issue for each time that a rule was passed by. Copy this, and fill it in:`],
    code: [
      'Rule passed by: ',
      'By whom: ',
      'From (UTC): ',
      'Why it could not wait: ',
      'Pull request: ',
      'Closed again at (UTC): ',
      'Verified afterwards: ',
    ],
    why: say`In half a year, the history shows that something was open, and only this shows why.`,
  };
}
