// Sorts what a mail says: days left, or what comes to the same; lowest first. src/sqlite/gather.ts sorts mails alike.

/** Before every expiry, in the order of the harm: a leak goes on doing some, a revocation only stops releases. */
export const LEAKED = -7_000_000;
export const OLD_TOKEN_LEAKED = -6_000_000;
export const REVOKED = -5_000_000;
export const UNCONFIRMED = -4_000_000;
export const CHANGED = -3_000_000;
/** Somebody may be at work: nothing that was said before is certain. */
export const HISTORY = -2_000_000;
export const RECIPIENTS = -1_000_000;
/** As urgent as what is critical: whatever changed in the file is not in force. */
export const CONFIGURATION = 3;
/** A release can be forged, or dies. */
export const FINDINGS_URGENT = 3;
/** Behind every expiry. */
export const FINDINGS = 500_000;
export const OLD_TOKEN = 1_000_000;
/** Behind everything that asks for something. */
export const FINDINGS_SETTLED = 1_900_000;
export const RENEWED = 2_000_000;
