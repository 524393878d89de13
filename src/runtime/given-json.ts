/** What an app hands back of an export: an object, or its text. */

/**
 * The object that was given, or that its text says.
 * @param fail told what was got where that is text, and no JSON
 */
export function givenJson(json: unknown, fail: (got: string) => never): unknown {
  if (typeof json !== 'string') return json;
  try {
    return JSON.parse(json);
  } catch {
    return fail('text that is no JSON');
  }
}
