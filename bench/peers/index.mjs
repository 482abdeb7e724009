/** The peers: the file of each, where it can keep its data, and what is not comparable. */
export const peers = [];
