/** How long a key may be, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 4096;

/** What a key can be, for people. */
export const KEY_FORM = "A key is 1 to 4,096 bytes of well-formed UTF-8.";
