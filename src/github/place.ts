import type { Destination } from '../domain/credential.ts';
import { AppError } from '../domain/error.ts';

/** The parameters of GitHub's addresses for an environment. @throws AppError invalid_input */
export function place(destination: Destination): { owner: string; repo: string; environment_name: string } {
  return { ...ownerAndRepo(destination), environment_name: segment(destination.environment) };
}

/** @throws AppError invalid_input */
export function ownerAndRepo({ repo }: Destination): { owner: string; repo: string } {
  const [owner = '', name = ''] = repo.split('/');
  return { owner: segment(owner), repo: segment(name) };
}

/** Octokit escapes all but these two, and as parts of an address they lead to another place. */
function segment(name: string): string {
  if (name !== '.' && name !== '..') return name;
  throw new AppError('invalid_input', `"${name}" is no name of a repository or an environment at GitHub`, {
    hints: ['correct it in the configuration'],
  });
}
