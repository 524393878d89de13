// Which notes are played? Spotify's basic-pitch on two chords of plucked strings, a graph model.
import 'tfjs-backend-webgpu-fused'; // the one line
import * as tf from '@tensorflow/tfjs';
import { BasicPitch, noteFramesToTime, outputToNotesPoly } from '@spotify/basic-pitch';
import { backend, file } from './host.js';

const SAMPLE_RATE = 22050;

/** Seconds of sound: harmonics of each note that die away. */
function pluck(/** @type {number[]} */ notes, /** @type {number} */ seconds) {
  return Float32Array.from({ length: seconds * SAMPLE_RATE }, (_, sample) => {
    const time = sample / SAMPLE_RATE;
    const voices = notes.flatMap((note) => {
      const hertz = 440 * 2 ** ((note - 69) / 12);
      return [1, 2, 3, 4].map((n) => Math.sin(2 * Math.PI * hertz * n * time) / n);
    });
    return (0.15 * voices.reduce((sum, voice) => sum + voice)) / Math.exp(2 * time);
  });
}

const C_MAJOR = [60, 64, 67];
const A_MINOR = [57, 60, 64];
const music = new Float32Array([...pluck(C_MAJOR, 1.5), ...pluck(A_MINOR, 1.5)]);

await tf.setBackend(backend);
const basicPitch = new BasicPitch(file('@spotify/basic-pitch/model/model.json'));

export async function run() {
  const frames = [];
  const onsets = [];
  await basicPitch.evaluateModel(
    music,
    (someFrames, someOnsets) => {
      frames.push(...someFrames);
      onsets.push(...someOnsets);
    },
    () => {},
  );
  const notes = noteFramesToTime(outputToNotesPoly(frames, onsets, 0.5, 0.3, 10));
  return {
    notes: notes.map(({ pitchMidi }) => pitchMidi).sort(),
    starts: notes.map(({ startTimeSeconds }) => startTimeSeconds).sort(),
    frames,
    onsets,
  };
}
