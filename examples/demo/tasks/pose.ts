/** Where the joints of a person are, by MoveNet. */
import type { DemoTask, PicturePoint } from './task';

const SIZE = 192;

/** Y and x, as shares of the input, and how sure the model is. */
const VALUES_PER_JOINT = 3;
const MIN_SCORE = 0.3;

/** In the order of the model. */
const JOINTS = [
  ...['nose', 'left eye', 'right eye', 'left ear', 'right ear', 'left shoulder'],
  ...['right shoulder', 'left elbow', 'right elbow', 'left wrist', 'right wrist', 'left hip'],
  ...['right hip', 'left knee', 'right knee', 'left ankle', 'right ankle'],
];

/** Pairs of joints that a line connects. */
const LIMBS: readonly (readonly [number, number])[] = [
  ...([[0, 1], [0, 2], [1, 3], [2, 4]] as const), // prettier-ignore
  ...([[5, 6], [5, 11], [6, 12], [11, 12]] as const), // prettier-ignore
  ...([[5, 7], [7, 9], [6, 8], [8, 10]] as const), // prettier-ignore
  ...([[11, 13], [13, 15], [12, 14], [14, 16]] as const), // prettier-ignore
];

export const pose: DemoTask = {
  title: 'Pose (movenet lightning)',
  model: 'movenet-lightning',
  photos: ['friends'],
  input: { width: SIZE, height: SIZE, low: 0, high: 255, letterbox: true },
  describe([{ values }], { toPicture }) {
    const points = JOINTS.map((name, joint): PicturePoint | undefined => {
      const [y, x, score] = (values as Float32Array).subarray(joint * VALUES_PER_JOINT);
      if (score < MIN_SCORE) return undefined;
      const [atX, atY] = toPicture(x * SIZE, y * SIZE).map(Math.round);
      return { text: `${name} ${(100 * score).toFixed(0)}%`, x: atX, y: atY };
    });
    const seen = points.filter((point) => point !== undefined);
    return {
      lines: seen.map(({ text, x, y }) => `${text} at (${x}, ${y})`),
      points: seen,
      limbs: LIMBS.flatMap(([from, to]) => {
        const [start, end] = [points[from], points[to]];
        return start && end ? [[start, end] as const] : [];
      }),
    };
  },
};
