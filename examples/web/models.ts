/** Models of the page that no task of the demo has. */

/** Tells what kind of file some bytes are. */
export const FILE_TYPE_MODEL = 'magika';
