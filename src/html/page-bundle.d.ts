/** What the build makes of `page/`: one script and one style sheet, as text. */
declare module 'webgpu-fused:page' {
  export const script: string;
  export const style: string;
}
