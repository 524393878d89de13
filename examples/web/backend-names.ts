/** The backends that the page switches between. */
export const BACKENDS = ['webgl', 'wasm', 'webgpu', 'webgpu-fused'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** The custom property of the style sheet that has a backend's color. */
export const colorOf = (name: BackendName): string => `--${name}`;
