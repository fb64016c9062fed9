import type { Destination } from '../domain/credential.ts';

/** The page of a repository. @returns undefined for an API that is no GitHub's */
export function repositoryPage(apiUrl: string, repo: string): string | undefined {
  const url = new URL(apiUrl);
  if (url.host === 'api.github.com') return `https://github.com/${repo}`;
  // GitHub Enterprise Server serves its API under /api/v3 of the host that serves its pages.
  return url.pathname.startsWith('/api/v3') ? `${url.origin}/${repo}` : undefined;
}

/** The page where a person sees the environments of a repository. @returns undefined for an API that is no GitHub's */
export function settingsPage(apiUrl: string, { repo }: Destination): string | undefined {
  const page = repositoryPage(apiUrl, repo);
  return page && `${page}/settings/environments`;
}
