/** Real photographs from public npm packages, fetched once and decoded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'jpeg-js';
import { fetchPackage, type PinnedPackage } from '../../bench/models/packages';

/** Red, green and blue of every pixel, row by row. */
export interface Picture {
  name: string;
  width: number;
  height: number;
  rgb: Uint8Array;
}

const FACE_API: PinnedPackage = {
  package: '@vladmandic/face-api@1.7.15',
  integrity:
    'sha512-WDMmK3CfNLo8jylWqMoQgf4nIst3M0fzx1dnac96wv/dvMTN4DxC/Pq1DGtduDk1lktCamQ3MIDXFnvrdHTXDw==',
};

const CAT_PICTURE: PinnedPackage = {
  package: 'cat-picture@5.1.2',
  integrity:
    'sha512-RDvXh7zTeTPnqYKhuZahiJbgxhcaXrm8er6rSPzTfSM324fUmo9qxHkGwfuptMTI3UwT5hmiKDw306BDfrFXDg==',
};

const OPENCV: PinnedPackage = {
  package: 'opencv@7.0.0',
  integrity:
    'sha512-JfMKMaYvnDGwah6i3w6FRHjpToRHZrZbcDX9N3CjaxWHPlE0ScNwnCzoJkEQKve34mvd9GCLhs4Hr37UdVVg/A==',
};

/** What is in each photograph, its package (with that package's licence), its file. */
const PHOTOS = {
  friends: { from: FACE_API, file: 'demo/sample3.jpg' }, // MIT: three people on a sofa, a glass
  group: { from: FACE_API, file: 'demo/sample6.jpg' }, // MIT: four people standing
  cat: { from: CAT_PICTURE, file: 'cat.jpg' }, // BSD: a cat on a green cloth
  car: { from: OPENCV, file: 'examples/files/car2.jpg' }, // MIT: a car in front of a building
} as const;

/** The name of a photograph. */
export type PhotoName = keyof typeof PHOTOS;

export const PHOTO_NAMES = Object.keys(PHOTOS) as PhotoName[];

/** The file of a photograph, fetched when it is not there yet. */
export async function photoFile(name: PhotoName): Promise<string> {
  const { from, file } = PHOTOS[name];
  return join(await fetchPackage(from), file);
}

/** Fetches and decodes a photograph. */
export async function loadPhoto(name: PhotoName): Promise<Picture> {
  const bytes = readFileSync(await photoFile(name));
  const { width, height, data } = decode(bytes, { useTArray: true, formatAsRGBA: false });
  return { name, width, height, rgb: data };
}
