// What the apps here take from the page or script that runs them; they themselves are those of a user.
import { decode } from 'jpeg-js';

/** `http://…/?backend=webgpu`: in a page its own, in Node the argument. */
const address = new URL(globalThis.location?.href ?? process.argv[2]);

export const backend = address.searchParams.get('backend') ?? 'webgpu-fused';

/** The address of a file of an installed package, as of one that an app serves. */
export const file = (/** @type {string} */ path) => new URL(`/node_modules/${path}`, address).href;

/** A photograph as pixels; canvases are the page's alone. */
export async function photo(/** @type {string} */ path) {
  const response = await fetch(file(path));
  return decode(new Uint8Array(await response.arrayBuffer()), { useTArray: true });
}
