import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ground } from './settings-readers.ts';
import { reasonOf, startGround, valueIn } from './settings-readers.ts';

const REPO = 'joaoh82/rust_sqlite';
const WORKFLOWS = '.github/workflows';
const FOLDER = /\/contents\/\.github%2Fworkflows$/;

let ground: Ground;

beforeEach(async () => {
  ground = await startGround();
});
afterEach(() => ground.github.close());

async function workflowNames(): Promise<readonly string[]> {
  return valueIn(await ground.open().workflowTexts()).map(({ file }) => file);
}

function removeWorkflows(): void {
  for (const file of ['ci.yml', 'release.yml']) ground.github.removeFile(REPO, `${WORKFLOWS}/${file}`);
}

describe('workflowTexts', () => {
  it('reads each text whole, whatever its letters', async () => {
    const text = `name: "Veröffentlichen ✓"\r\n# ${'x'.repeat(5000)}\n`;
    ground.github.setFile(REPO, `${WORKFLOWS}/other name.yaml`, text);
    expect(valueIn(await ground.open().workflowTexts())).toContainEqual({ file: 'other name.yaml', text });
  });

  it('reads an empty file', async () => {
    ground.github.setFile(REPO, `${WORKFLOWS}/ci.yml`, '');
    expect(valueIn(await ground.open().workflowTexts())).toContainEqual({ file: 'ci.yml', text: '' });
  });

  it('leaves out other files and folders', async () => {
    ground.github.setFile(REPO, `${WORKFLOWS}/README.md`, 'x');
    ground.github.setFile(REPO, `${WORKFLOWS}/old/release.yml`, 'x');
    ground.github.setFile(REPO, `${WORKFLOWS}/folder.yml/release.txt`, 'x');
    expect(await workflowNames()).toEqual(['ci.yml', 'release.yml']);
  });

  it('reads the default branch, whatever its name', async () => {
    ground.github.setDefaultBranch(REPO, 'trunk');
    ground.github.setFile(REPO, `${WORKFLOWS}/trunk.yml`, 'x', 'trunk');
    ground.github.setFile(REPO, `${WORKFLOWS}/main.yml`, 'x', 'main');
    expect(await workflowNames()).toEqual(['ci.yml', 'release.yml', 'trunk.yml']);
  });

  it('reads a hundred', async () => {
    removeWorkflows();
    const names = Array.from({ length: 100 }, (_, n) => `w${String(n).padStart(3, '0')}.yml`);
    for (const name of names) ground.github.setFile(REPO, `${WORKFLOWS}/${name}`, name);
    expect(valueIn(await ground.open().workflowTexts())).toEqual(names.map((file) => ({ file, text: file })));
  });

  it('reads none of more than a hundred, and says so', async () => {
    for (let n = 0; n < 99; n++) ground.github.setFile(REPO, `${WORKFLOWS}/w${n}.yml`, 'x');
    const { obstacle, reason } = reasonOf(await ground.open().workflowTexts());
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain('there are 101 workflow files');
  });

  it('reads none where one is too large, and says which', async () => {
    ground.github.setFile(REPO, `${WORKFLOWS}/huge.yml`, 'x'.repeat(524_289));
    const { obstacle, reason } = reasonOf(await ground.open().workflowTexts());
    expect(obstacle).toBe('unreachable');
    expect(reason).toContain(`${WORKFLOWS}/huge.yml has 524289 bytes`);
  });

  it('reads one of the largest size', async () => {
    const text = 'x'.repeat(524_288);
    ground.github.setFile(REPO, `${WORKFLOWS}/large.yml`, text);
    expect(valueIn(await ground.open().workflowTexts())).toContainEqual({ file: 'large.yml', text });
  });

  describe('when there is no such folder', () => {
    beforeEach(removeWorkflows);

    it('finds none, since the folder above was seen without it', async () => {
      expect(await workflowNames()).toEqual([]);
    });

    it('finds none where .github is missing too', async () => {
      ground.github.removeFile(REPO, '.github/dependabot.yml');
      expect(await workflowNames()).toEqual([]);
    });

    it('finds none in an empty repository', async () => {
      ground.github.removeBranch(REPO, 'main');
      const settings = ground.open();
      expect(valueIn(await settings.workflowTexts())).toEqual([]);
      expect(valueIn(await settings.files())).toEqual({
        dependabot: false,
        renovate: false,
        codeowners: undefined,
      });
    });

    it('is not sure of it where the folder above cannot be read', async () => {
      ground.github.fault({ path: /\/contents\/\.github$/, kind: 'html' });
      expect(reasonOf(await ground.open().workflowTexts()).obstacle).toBe('unreachable');
    });
  });

  it('is not sure that there is none where the folder above has it', async () => {
    ground.github.fault({ path: FOLDER, kind: 'status', status: 404, body: { message: 'Not Found' } });
    const { obstacle, reason } = reasonOf(await ground.open().workflowTexts());
    expect(obstacle).toBe('permission');
    expect(reason).toContain('contents:read');
  });

  it('is settling where a file has gone since the folder was listed', async () => {
    const path = /release\.yml$/;
    ground.github.fault({ path, kind: 'status', status: 404, body: { message: 'Not Found' } });
    expect(reasonOf(await ground.open().workflowTexts()).obstacle).toBe('settling');
  });

  it.each([
    { type: 'file', encoding: 'none', size: 9, content: '' },
    { type: 'file', encoding: 'base64', size: 9, content: 'bmFtZQ==' },
    { type: 'file', encoding: 'base64', size: 4, content: 'bmFtZQ' },
    { type: 'file', encoding: 'base64', size: 4, content: null },
    { type: 'symlink', target: 'ci.yml', size: 4 },
  ])('takes a file such as %j for none', async (body) => {
    ground.github.fault({ path: /release\.yml$/, kind: 'status', status: 200, body });
    expect(reasonOf(await ground.open().workflowTexts()).obstacle).toBe('unreachable');
  });

  it.each([
    [{ name: '..', type: 'file', size: 1 }],
    [{ name: 'a/b.yml', type: 'file', size: 1 }],
    [{ name: 'a.yml', size: 1 }],
    [{ name: 'a.yml', type: 'file', size: -1 }],
  ])('takes a folder that holds %j for none', async (entry) => {
    ground.github.fault({ path: FOLDER, kind: 'status', status: 200, body: [entry] });
    expect(reasonOf(await ground.open().workflowTexts()).obstacle).toBe('unreachable');
  });

  it('is not sure of a folder with more entries than GitHub lists', async () => {
    for (let n = 0; n < 1000; n++) ground.github.setFile(REPO, `${WORKFLOWS}/note${n}.txt`, '');
    const { reason } = reasonOf(await ground.open().workflowTexts());
    expect(reason).toContain('more entries than GitHub lists');
  });
});

describe('files', () => {
  it.each(['.github/dependabot.yml', '.github/dependabot.yaml'])('finds Dependabot in %s', async (path) => {
    ground.github.removeFile(REPO, '.github/dependabot.yml');
    ground.github.setFile(REPO, path, 'version: 2');
    expect(valueIn(await ground.open().files()).dependabot).toBe(true);
  });

  it.each([
    'renovate.json',
    'renovate.json5',
    '.renovaterc',
    '.renovaterc.json',
    '.renovaterc.json5',
    '.github/renovate.json',
    '.github/renovate.json5',
  ])('finds Renovate in %s', async (path) => {
    ground.github.setFile(REPO, path, '{}');
    expect(valueIn(await ground.open().files()).renovate).toBe(true);
  });

  it.each(['dependabot.yml', 'docs/renovate.json', 'renovate.json/README', '.github/.renovaterc'])(
    'finds nothing in %s',
    async (path) => {
      ground.github.removeFile(REPO, '.github/dependabot.yml');
      ground.github.setFile(REPO, path, '{}');
      expect(valueIn(await ground.open().files())).toMatchObject({ dependabot: false, renovate: false });
    },
  );

  it('takes the CODEOWNERS that GitHub takes', async () => {
    const found = async () => valueIn(await ground.open().files()).codeowners;
    expect(await found()).toBeUndefined();
    for (const path of ['docs/CODEOWNERS', 'CODEOWNERS', '.github/CODEOWNERS']) {
      ground.github.setFile(REPO, path, '* @joaoh82');
      expect(await found()).toBe(path);
    }
  });

  it('reads two folders, and docs only where it is needed', async () => {
    await ground.open().files();
    expect(ground.github.requests).toHaveLength(3);
    ground.github.setFile(REPO, 'docs/index.md', 'x');
    await ground.open().files();
    expect(ground.github.requests).toHaveLength(7);
  });

  it('shares the folders with workflowTexts', async () => {
    removeWorkflows();
    const settings = ground.open();
    await Promise.all([settings.files(), settings.workflowTexts()]);
    expect(ground.github.requests).toHaveLength(4);
  });

  it.each([/\/contents\/?$/, /\/contents\/\.github$/, /\/contents\/docs$/])(
    'is unknown where %s cannot be read',
    async (path) => {
      ground.github.setFile(REPO, 'docs/index.md', 'x');
      ground.github.fault({ path, kind: 'truncate' });
      expect(reasonOf(await ground.open().files()).obstacle).toBe('unreachable');
    },
  );
});
