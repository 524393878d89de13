/** What the build makes of `page.ts`, as text. */
declare module 'webgpu-fused:bench-page' {
  export const page: string;
}
