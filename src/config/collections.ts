import { z } from 'zod';
import { NAME, sentence } from './fields.ts';

/** A map from names that the user chooses. The pattern is for editors; rules.ts says what is wrong with a name. */
export function entries<Entry extends z.ZodType>(entry: Entry, pattern = NAME) {
  return z.record(z.string(), entry).meta({ propertyNames: { type: 'string', pattern: pattern.source } });
}

/** A list whose every wrong type or length is told by what was expected. */
export function list<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: sentence(`a list of ${expected}`) });
}
