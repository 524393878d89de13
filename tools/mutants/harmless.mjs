// Checks whose absence changes no answer: they decide what is faster, or stop a search that finds nothing.
/** @type {readonly {file: string, text: string, why: string}[]} */
export const HARMLESS = [];
