import type { RotationCard } from '../rotate/rotation.ts';

/** What a person calls what they hand over: the last word of its kind's title, where that is one. */
export function nounOf({ kindTitle }: RotationCard): 'token' | 'key' | 'certificate' {
  if (/\bcertificate$/i.test(kindTitle)) return 'certificate';
  return /\bkey$/i.test(kindTitle) ? 'key' : 'token';
}

/** Only its dates are remembered: it goes nowhere. */
export function isKeptNowhere({ destinations }: RotationCard): boolean {
  return destinations.length === 0;
}

/** How it is given to the page, as a sentence asks for it. */
export function giveAgain(card: RotationCard): string {
  switch (card.shape) {
    case 'line':
      return `paste the ${nounOf(card)} once more`;
    case 'any':
      return `paste the ${nounOf(card)}, or choose its file, once more`;
    default:
      return 'choose the file once more';
  }
}
