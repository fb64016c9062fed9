import type { Context } from '../rule.ts';
import { listFields, publisherFields } from './publisher.ts';

// Labels: npm's documentation, "Trusted publishing for npm packages". npm checks nothing when the form is saved.

/** What to enter in the form of the package's trusted publisher. */
export function publisherForm(context: Context, name: string): string {
  const { owner, repository, workflow, environment } = publisherFields(context);
  const form = listFields([
    ['Organization or user', owner],
    ['Repository', repository],
    ['Workflow filename', workflow],
    ['Environment name', environment],
    ['Allowed actions', 'npm publish'],
  ]);
  return `open ${context.pages.npm}/package/${name}/access, choose GitHub Actions under Trusted Publisher, enter ${form}, and save. Upper and lower case count; a URL, an owner or a path in one of the fields is taken without a word, and the release then fails with 404.`;
}

/** The switch that makes npm refuse tokens for the package. */
export function tokenSettings({ pages }: Context, name: string): string {
  return `at ${pages.npm}/package/${name}/access choose "Require two-factor authentication and disallow tokens" under Publishing access`;
}
