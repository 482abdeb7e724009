/** The base of `Versioned`, by which others know one without importing it. */
export abstract class Handle {}
