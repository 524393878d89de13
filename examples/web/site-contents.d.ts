/** What the build of the site makes of what it was asked for. */
declare module 'webgpu-fused:site' {
  export const site: {
    /** Names of tasks; the first one is shown first. */
    tasks: string[];
    photos: { name: string; file: string }[];
  };
}
