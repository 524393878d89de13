/** Training as in an example of tfjs's, an LSTM over text: losses are `cpu`'s. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { study, textGeneration } from '../../../bench/eager/text-training';
import { useBackend } from '../../support/gpu';

jest.setTimeout(120_000);

// Dates take a driver a minute to compile; `npm run bench:eager -- date` compares them with stock.
test('text generation', async () => {
  const losses: number[][] = [];
  for (const backend of ['cpu', fused.BACKEND_NAME]) {
    await useBackend(tf, backend);
    const open = study(textGeneration({ units: 8, length: 2, batch: 4 }));
    const steps: number[] = [];
    for (let step = 0; step < 6; step++) {
      const [loss] = open.run();
      steps.push((await loss.data())[0]);
      loss.dispose();
    }
    open.dispose();
    losses.push(steps);
  }
  const [cpu, ours] = losses;
  expect(cpu[5]).toBeLessThan(cpu[0]);
  // Sums of floats around 3, in another order.
  ours.forEach((loss, step) => expect(Math.abs(loss - cpu[step])).toBeLessThan(5e-6));
});
