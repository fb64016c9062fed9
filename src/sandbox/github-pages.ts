import type { RepositoryExchange } from './github-exchange.ts';

export interface Page<Item> {
  readonly items: Item[];
  readonly number: number;
  readonly last: number;
  readonly perPage: number;
}

/** `per_page` (30 unless said, 100 at most) and `page`, as every list of GitHub's API takes them. */
export function pageOf<Item>(all: readonly Item[], query: URLSearchParams): Page<Item> {
  const perPage = Math.min(positive(query.get('per_page'), 30), 100);
  const number = positive(query.get('page'), 1);
  const start = (number - 1) * perPage;
  return {
    items: all.slice(start, start + perPage),
    number,
    last: Math.max(1, Math.ceil(all.length / perPage)),
    perPage,
  };
}

/** The Link header, which on GitHub names repositories by number, whatever the request named. */
export function linkHeader(page: Page<unknown>, exchange: RepositoryExchange): Record<string, string> {
  const { repository, api, tail } = exchange;
  const address = `${api}/repositories/${repository.id}/${tail}`;
  const link = (to: number, rel: string) => `<${address}?per_page=${page.perPage}&page=${to}>; rel="${rel}"`;
  const links = [
    ...(page.number > 1 ? [link(page.number - 1, 'prev')] : []),
    ...(page.number < page.last ? [link(page.number + 1, 'next'), link(page.last, 'last')] : []),
    ...(page.number > 1 ? [link(1, 'first')] : []),
  ];
  return links.length === 0 ? {} : { link: links.join(', ') };
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text ?? '');
  return Number.isInteger(value) && value > 0 ? value : otherwise;
}
