import type { Config } from './config/config.ts';
import { repositoryPage } from './github/settings-page.ts';
import type { Pages } from './verify/pages.ts';
import type { DeclaredPipeline } from './verify/pipeline.ts';

/** Where a person changes what a pipeline declares, by the services of this configuration. */
export function pagesOf(
  { github, registries }: Pick<Config, 'github' | 'registries'>,
  { repo }: DeclaredPipeline,
): Pages {
  return {
    repository: repositoryPage(github.apiUrl, repo),
    cratesIo: registries.cratesIo.url,
    npm: 'https://www.npmjs.com',
    pypi: registries.pypi.url,
  };
}
