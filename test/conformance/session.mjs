// Jasmine as the suite needs it, in Node and in a page.

/** @typedef {Record<string, { status: string, message?: string }>} Results by spec name */

/**
 * @typedef {object} Side what one run is of
 * @property {string} backend
 * @property {Record<string, boolean>} flags defaults of flags of webgpu-fused
 * @property {string} filter only specs whose full name contains it
 */

/**
 * Sets Jasmine up and tells the suite its backend; then the suite may be loaded.
 *
 * @param {*} jasmine
 * @param {Side} side
 * @param {(done: number) => void} progress called now and then
 * @returns {{environment: {execute(): Promise<unknown>}, results: Results}} complete once it was executed
 */
export function startSession(jasmine, { backend, flags, filter }, progress) {
  Object.assign(globalThis, { jasmine, conformanceBackend: backend, conformanceFlags: flags });
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
  const environment = jasmine.getEnv();
  environment.configure({
    random: false,
    specFilter: (/** @type {{ getFullName(): string }} */ spec) =>
      spec.getFullName().includes(filter),
  });
  /** @type {Results} */
  const results = {};
  let done = 0;
  environment.addReporter({
    /** @param {{ fullName: string, status: string, failedExpectations: { message: string }[] }} spec */
    specDone({ fullName, status, failedExpectations }) {
      results[fullName] = { status, message: failedExpectations[0]?.message.slice(0, 300) };
      if (status !== 'excluded' && ++done % 500 === 0) progress(done);
    },
  });
  console.warn = () => {};
  return { environment, results };
}
