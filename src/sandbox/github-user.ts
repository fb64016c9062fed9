import type { components } from '@octokit/openapi-types';
import { isoSecond, userBody } from './github-bodies.ts';

/** Who owns the tokens of which nothing else was said. */
export const PERSON = 'joaoh82';

const SINCE = new Date('2011-01-25T18:44:36Z');

/** GET /user, to a token that may not read what is private of its account. */
export function accountBody(api: string, login: string): components['schemas']['public-user'] {
  return {
    ...userBody(api, login),
    name: login,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 12,
    public_gists: 0,
    followers: 3,
    following: 4,
    created_at: isoSecond(SINCE),
    updated_at: isoSecond(SINCE),
  };
}
