/** A photograph that a camera pans over: for the camera that Chromium pretends to have, and as a video file. */
import { encode } from 'jpeg-js';
import type { Page } from 'playwright-core';
import type { Picture } from '../../examples/demo/photos';

export interface Motion {
  readonly width: number;
  readonly height: number;
  /** From one end of the photograph to the other. */
  readonly frames: number;
}

/** Of the photograph's height that a frame shows: the rest is room to pan in. */
const ZOOM = 0.9;
const FRAME_MS = 80;

/** The frames, one JPEG after the other, which Chromium takes for Motion JPEG: there and back again. */
export function cameraFile(photo: Picture, motion: Motion): Buffer {
  const there = framesOf(photo, motion);
  return Buffer.concat([...there, ...there.slice(1, -1).reverse()]);
}

/** Starts Chromium with that file for a camera, and with nobody to ask whether a page may have it. */
export const cameraFlags = (file: string): string[] => [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-video-capture=${file}`,
];

/** A short video of the same, recorded in a page. */
export async function videoFile(page: Page, photo: Picture, motion: Motion): Promise<Buffer> {
  const frames = framesOf(photo, motion).map((jpeg) => jpeg.toString('base64'));
  const webm = await page.evaluate(
    async ([jpegs, { width, height }, milliseconds]) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [width, height];
      const pictures = await Promise.all(
        jpegs.map(async (jpeg) => {
          const image = new Image();
          image.src = `data:image/jpeg;base64,${jpeg}`;
          await image.decode();
          return image;
        }),
      );
      const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm' });
      const parts: Blob[] = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      const ended = new Promise((resolve) => (recorder.onstop = resolve));
      recorder.start();
      for (const picture of pictures) {
        canvas.getContext('2d')?.drawImage(picture, 0, 0);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
      }
      recorder.stop();
      await ended;
      return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
    },
    [frames, motion, FRAME_MS] as const,
  );
  return Buffer.from(webm);
}

const framesOf = (photo: Picture, motion: Motion): Buffer[] =>
  Array.from({ length: motion.frames }, (_, at) =>
    frame(photo, motion, motion.frames > 1 ? at / (motion.frames - 1) : 0),
  );

/** What is seen of the photograph when the camera looks this far to the right, 0 to 1. */
function frame(photo: Picture, { width, height }: Motion, along: number): Buffer {
  const scale = (ZOOM * photo.height) / height;
  const left = along * (photo.width - width * scale);
  const top = ((1 - ZOOM) / 2) * photo.height;
  const data = Buffer.alloc(width * height * 4, 255);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(top + y * scale) * photo.width;
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + Math.floor(left + x * scale));
      data.set(photo.rgb.subarray(from, from + 3), 4 * (y * width + x));
    }
  }
  return encode({ width, height, data }, 85).data;
}
