/**
 * The names under which credentials of a kind are usually stored, by kind. Those with a page or a source file behind them, and plain
 * spellings of the issuer's name beside them. Left out is whatever is also in use for something else: DOCKER_PASSWORD may be
 * for any registry, SIGNING_KEY for any key, and APPLE_API_KEY is the id of a key.
 *
 * - doc.rust-lang.org/cargo/reference/config.html (CARGO_REGISTRY_TOKEN)
 * - docs.npmjs.com/using-private-packages-in-a-ci-cd-workflow (NPM_TOKEN); actions/setup-node: README.md (NODE_AUTH_TOKEN)
 * - pypa/gh-action-pypi-publish: README.md (PYPI_API_TOKEN); twine.readthedocs.io (TWINE_PASSWORD); docs.astral.sh/uv/guides/package
 *   (UV_PUBLISH_TOKEN); maturin.rs/distribution (MATURIN_PYPI_TOKEN); python-poetry.org/docs/repositories (POETRY_PYPI_TOKEN_PYPI)
 * - cli.github.com/manual/gh_help_environment (GH_TOKEN); goreleaser.com (HOMEBREW_TAP_GITHUB_TOKEN)
 * - docs.github.com, "Installing an Apple certificate on macOS runners" (BUILD_CERTIFICATE_BASE64); electron.build/code-signing
 *   (CSC_LINK, WIN_CSC_LINK); v2.tauri.app/distribute/sign (APPLE_CERTIFICATE, WINDOWS_CERTIFICATE)
 * - actions/setup-java: docs/advanced-usage.md (MAVEN_GPG_PRIVATE_KEY, MAVEN_CENTRAL_TOKEN); crazy-max/ghaction-import-gpg: README.md
 *   (GPG_PRIVATE_KEY); maven.apache.org/plugins/maven-gpg-plugin (MAVEN_GPG_KEY)
 * - peaceiris/actions-gh-pages: README.md (ACTIONS_DEPLOY_KEY); docker/login-action: README.md (DOCKERHUB_TOKEN)
 * - code.visualstudio.com/api/working-with-extensions/continuous-integration (VSCE_PAT); eclipse-openvsx/openvsx: cli/README.md (OVSX_PAT)
 * - guides.rubygems.org/command-reference (GEM_HOST_API_KEY); docs.github.com, "Building and testing Ruby" (RUBYGEMS_AUTH_TOKEN)
 * - hex.pm/docs/publish (HEX_API_KEY); developers.cloudflare.com/workers/wrangler/system-environment-variables (CLOUDFLARE_API_TOKEN)
 * - docs.aws.amazon.com/cli, "Environment variables" (AWS_SECRET_ACCESS_KEY)
 */
const USUAL_NAMES: Readonly<Record<string, readonly string[]>> = {
  'crates-io-token': [
    'CARGO_REGISTRY_TOKEN',
    'CARGO_REGISTRIES_CRATES_IO_TOKEN',
    'CRATES_IO_TOKEN',
    'CRATES_IO_API_TOKEN',
    'CRATES_TOKEN',
  ],
  'npm-token': ['NPM_TOKEN', 'NODE_AUTH_TOKEN', 'NPM_AUTH_TOKEN', 'NPM_ACCESS_TOKEN', 'NPM_PUBLISH_TOKEN'],
  'pypi-token': [
    'PYPI_API_TOKEN',
    'PYPI_TOKEN',
    'PYPI_PASSWORD',
    'TWINE_PASSWORD',
    'UV_PUBLISH_TOKEN',
    'MATURIN_PYPI_TOKEN',
    'POETRY_PYPI_TOKEN_PYPI',
  ],
  'github-token': ['GH_TOKEN', 'GH_PAT', 'HOMEBREW_TAP_GITHUB_TOKEN'],
  certificate: [
    'BUILD_CERTIFICATE_BASE64',
    'CSC_LINK',
    'WIN_CSC_LINK',
    'APPLE_CERTIFICATE',
    'MACOS_CERTIFICATE',
    'WINDOWS_CERTIFICATE',
  ],
  'nuget-key': ['NUGET_API_KEY', 'NUGET_KEY', 'NUGET_ORG_API_KEY'],
  'gpg-key': [
    'GPG_PRIVATE_KEY',
    'GPG_SIGNING_KEY',
    'GPG_SECRET_KEY',
    'MAVEN_GPG_PRIVATE_KEY',
    'MAVEN_GPG_KEY',
  ],
  'ssh-deploy-key': ['ACTIONS_DEPLOY_KEY', 'SSH_DEPLOY_KEY'],
  'docker-hub-token': [
    'DOCKERHUB_TOKEN',
    'DOCKER_HUB_TOKEN',
    'DOCKERHUB_ACCESS_TOKEN',
    'DOCKER_HUB_ACCESS_TOKEN',
  ],
  'vscode-marketplace-token': ['VSCE_PAT', 'VSCE_TOKEN', 'VS_MARKETPLACE_TOKEN', 'VSCODE_MARKETPLACE_TOKEN'],
  'open-vsx-token': ['OVSX_PAT', 'OVSX_TOKEN', 'OPEN_VSX_TOKEN', 'OPENVSX_TOKEN'],
  'maven-central-token': [
    'MAVEN_CENTRAL_TOKEN',
    'MAVEN_CENTRAL_PASSWORD',
    'CENTRAL_PORTAL_TOKEN',
    'OSSRH_TOKEN',
    'OSSRH_PASSWORD',
    'SONATYPE_PASSWORD',
  ],
  'rubygems-key': ['RUBYGEMS_API_KEY', 'RUBYGEMS_AUTH_TOKEN', 'GEM_HOST_API_KEY'],
  'hex-key': ['HEX_API_KEY'],
  'cloudflare-token': ['CLOUDFLARE_API_TOKEN', 'CF_API_TOKEN'],
  'app-store-connect-key': ['APP_STORE_CONNECT_PRIVATE_KEY', 'APP_STORE_CONNECT_API_PRIVATE_KEY'],
  'aws-access-key': ['AWS_SECRET_ACCESS_KEY'],
};

const BY_NAME = new Map(
  Object.entries(USUAL_NAMES).flatMap(([kind, names]) => names.map((name) => [name, kind] as const)),
);

/**
 * The kind of credential that the name of a secret suggests. It is the name alone that is looked at: whoever is asked
 * can say otherwise.
 *
 * @returns undefined for a name that could be anything, such as TOKEN or DEPLOY_KEY
 */
export function usualKind(secret: string): string | undefined {
  return BY_NAME.get(secret.toUpperCase());
}
