/** What the model looks at: a picture, a video, or the camera. */
import { placePicture, type Fitted, type InputSize } from '../demo/resample';

/** Larger pictures are made this large: no model here looks closer. */
const LARGEST = 1280;

/** A picture that may move. */
export interface Frames {
  readonly image: CanvasImageSource;
  readonly width: number;
  readonly height: number;
  /** Whether it moves by itself. */
  readonly isLive: boolean;
  /** Frees it. */
  close(): void;
}

/** Holds one frame, so that what is drawn is what the model saw. */
export class Still {
  private readonly canvas = document.createElement('canvas');

  /** What shows now; of a picture that does not move, the picture. */
  take(frames: Frames): Frames {
    const { image, width, height, isLive } = frames;
    if (!isLive) return frames;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    this.canvas.getContext('2d')?.drawImage(image, 0, 0, width, height);
    return { image: this.canvas, width, height, isLive, close: frames.close };
  }
}

/** A picture or a video, by what the file says it is. */
export function openFile(file: File): Promise<Frames> {
  return file.type.startsWith('video/') ? openVideo(file) : openPicture(file);
}

export async function openPicture(blob: Blob): Promise<Frames> {
  const url = URL.createObjectURL(blob);
  return openAddress(url).finally(() => URL.revokeObjectURL(url));
}

/** A picture by its address, of whatever kind an `img` shows. */
export async function openAddress(url: string): Promise<Frames> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth, naturalHeight } = image;
  const shrink = Math.min(1, LARGEST / Math.max(naturalWidth, naturalHeight));
  const width = Math.round(naturalWidth * shrink);
  const height = Math.round(naturalHeight * shrink);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(image, 0, 0, width, height);
  return { image: canvas, width, height, isLive: false, close: () => undefined };
}

async function openVideo(file: File): Promise<Frames> {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  Object.assign(video, { src: url, loop: true, muted: true, playsInline: true });
  return playing(video, () => URL.revokeObjectURL(url));
}

/** What a browser means by the names of its errors, for whoever sees the page. */
const CAMERA_ERRORS: Readonly<Record<string, string>> = {
  NotFoundError: 'There is no camera here.',
  NotAllowedError: 'The browser does not let this page have the camera.',
  NotReadableError: 'The camera is in use, or does not answer.',
};

export async function openCamera(): Promise<Frames> {
  // Browsers have these in secure contexts only.
  const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
  if (!devices) throw new Error('This page has no camera: serve it from https or from localhost.');
  const video = { width: { ideal: LARGEST }, facingMode: 'user' };
  const stream = await devices.getUserMedia({ video }).catch((error: Error) => {
    throw new Error(CAMERA_ERRORS[error.name] ?? error.message, { cause: error });
  });
  return playCamera(stream);
}

function playCamera(stream: MediaStream): Promise<Frames> {
  const video = document.createElement('video');
  Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
  return playing(video, () => stream.getTracks().forEach((track) => track.stop()));
}

async function playing(video: HTMLVideoElement, free: () => void): Promise<Frames> {
  try {
    await video.play();
  } catch (error) {
    free();
    throw new Error('This browser cannot play the video.', { cause: error });
  }
  return {
    image: video,
    // A phone that is turned turns its camera's pictures, too.
    get width() {
      return video.videoWidth;
    },
    get height() {
      return video.videoHeight;
    },
    isLive: true,
    close() {
      video.pause();
      free();
    },
  };
}

/** Brings frames to the size and range of a model's input, by way of a canvas of that size. */
export class FrameFitter {
  private readonly pen: CanvasRenderingContext2D;

  constructor(private readonly size: InputSize) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [size.width, size.height];
    this.pen = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.pen.imageSmoothingQuality = 'high';
  }

  fit(frames: Frames): Fitted {
    const { width, height, low, high } = this.size;
    const { left, top, toPicture, ...placed } = placePicture(frames, this.size);
    this.pen.fillRect(0, 0, width, height);
    this.pen.drawImage(frames.image, left, top, placed.width, placed.height);
    const { data } = this.pen.getImageData(0, 0, width, height);
    const values = new Float32Array(width * height * 3);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const share = data[4 * pixel + channel] / 255;
        values[3 * pixel + channel] = low + (high - low) * share;
      }
    }
    return { values, toPicture };
  }
}
