/** Fields of the publisher forms of PyPI, npm and crates.io, which take almost anything and refuse the release later. */
export type PublisherField = 'repository' | 'workflow' | 'environment' | 'owner';

interface Correction {
  /** What is wrong, such as `it ends in .git`. */
  readonly mistake: string;
  /** The text without it. */
  readonly corrected: string;
}

type Recogniser = (text: string, expected: string, field: PublisherField) => Correction | undefined;

const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/]*\/?|git@[^:/]+:|github:|(?:www\.)?github\.com\/)/i;
const REF = /@(?:refs\/.*|[0-9a-f]{40})$/s;
const EXTENSION = /\.ya?ml$/;

/**
 * Names what is wrong with the form of a field, for people: `it is a URL, where only widgets belongs`. Undefined where the field is
 * as expected, or simply names something else. Pure; never throws.
 *
 * @param expected of a repository, `owner/name` or the bare name: whichever the form asks for
 */
export function mistakeIn(field: PublisherField, expected: string, observed: string): string | undefined {
  const mistakes: string[] = [];
  let text = observed;
  for (const recognise of RECOGNISERS) {
    if (text === expected) break;
    const correction = recognise(text, expected, field);
    if (!correction) continue;
    mistakes.push(correction.mistake);
    text = correction.corrected;
  }
  return mistakes.length > 0 ? mistakes.join('; ') : undefined;
}

const blanks: Recogniser = (text) => {
  const corrected = text.trim();
  if (corrected === text || corrected === '') return undefined;
  return { mistake: 'it begins or ends with a blank', corrected };
};

const emptiness: Recogniser = (text, expected, field) => {
  if (text.trim() !== '') return undefined;
  const mistake =
    field === 'environment' ? 'it is empty, so that a job of any environment will do' : 'it is empty';
  return { mistake, corrected: expected };
};

const address: Recogniser = (text, expected, field) => {
  const start = ADDRESS.exec(text)?.[0];
  if (start === undefined) return undefined;
  const path = text.slice(start.length).split('/');
  // Of a URL of the repository, only so much stands for this field.
  const corrected = {
    repository: path.slice(0, 2),
    owner: path.slice(0, 1),
    workflow: path,
    environment: path,
  };
  return { mistake: `it is a URL, where only ${expected} belongs`, corrected: corrected[field].join('/') };
};

const ref: Recogniser = (text, expected, field) => {
  if (field !== 'workflow' && field !== 'repository') return undefined;
  const found =
    REF.exec(text)?.[0] ?? (text.startsWith(`${expected}@`) ? text.slice(expected.length) : undefined);
  if (found === undefined) return undefined;
  return { mistake: `it ends in a ref (${found})`, corrected: text.slice(0, -found.length) };
};

const path: Recogniser = (text, expected, field) => {
  if (field !== 'workflow' || !text.includes('/') || expected.includes('/')) return undefined;
  return {
    mistake: `it is a path, where only the file name ${expected} belongs`,
    corrected: text.slice(text.lastIndexOf('/') + 1),
  };
};

const gitSuffix: Recogniser = (text, expected, field) => {
  if (field !== 'repository' || expected.endsWith('.git') || !/\.git\/?$/.test(text)) return undefined;
  return { mistake: 'it ends in .git', corrected: text.replace(/\.git\/?$/, '') };
};

const endingSlash: Recogniser = (text) =>
  text.endsWith('/') ? { mistake: 'it ends in a slash', corrected: text.slice(0, -1) } : undefined;

const ownerPrefix: Recogniser = (text, expected, field) => {
  if (field === 'owner') return ownerAlone(text);
  if (field !== 'repository' || text.includes('/') === expected.includes('/')) return undefined;
  if (text.includes('/')) {
    return {
      mistake: `it begins with the owner, where only the name ${expected} belongs`,
      corrected: text.slice(text.lastIndexOf('/') + 1),
    };
  }
  return { mistake: 'the owner is missing', corrected: `${expected.split('/')[0]}/${text}` };
};

function ownerAlone(text: string): Correction | undefined {
  if (text.includes('/')) {
    return {
      mistake: 'it goes on with the repository, where only the owner belongs',
      corrected: text.split('/')[0] ?? '',
    };
  }
  return text.startsWith('@') ? { mistake: 'it begins with @', corrected: text.slice(1) } : undefined;
}

const extension: Recogniser = (text, expected, field) => {
  const wanted = EXTENSION.exec(expected)?.[0];
  const found = EXTENSION.exec(text)?.[0];
  if (field !== 'workflow' || wanted === undefined || found === wanted) return undefined;
  const corrected = text.slice(0, text.length - (found?.length ?? 0)) + wanted;
  if (corrected.toLowerCase() !== expected.toLowerCase()) return undefined;
  return {
    mistake: found ? `it ends in ${found} instead of ${wanted}` : `it lacks the ending ${wanted}`,
    corrected,
  };
};

const letterCase: Recogniser = (text, expected) =>
  text.toLowerCase() === expected.toLowerCase()
    ? { mistake: 'upper and lower case differ', corrected: expected }
    : undefined;

/** In the order in which one layer lies around the next. */
const RECOGNISERS: readonly Recogniser[] = [
  blanks,
  emptiness,
  address,
  ref,
  path,
  gitSuffix,
  endingSlash,
  ownerPrefix,
  extension,
  letterCase,
];
