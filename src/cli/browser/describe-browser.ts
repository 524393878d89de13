/** The browser of a page in words. */

/** A brand that stands for nothing: browsers make one up, so that nobody relies on the list. */
const MADE_UP = /Not.*Brand/;

interface Brand {
  readonly brand: string;
  readonly version: string;
}

/** Its name and version, and the system it runs on. */
export function describeBrowser({ userAgent, ...rest } = describeNavigator()): string {
  const { brands = [], platform } = rest;
  const real = brands.filter(({ brand }) => !MADE_UP.test(brand));
  // Chromium is what most others are made of.
  const shown = real.find(({ brand }) => brand !== 'Chromium') ?? real.at(0);
  return shown
    ? `${shown.brand} ${shown.version} on ${platform ?? 'an unnamed system'}`
    : userAgent;
}

function describeNavigator(): {
  userAgent: string;
  brands?: readonly Brand[];
  platform?: string;
} {
  const { userAgent, userAgentData } = navigator as Navigator & {
    userAgentData?: { brands: readonly Brand[]; platform: string };
  };
  return { userAgent, brands: userAgentData?.brands, platform: userAgentData?.platform };
}
