/**
 * A child process of the benchmark: takes one task, answers, ends. A model that crashes the driver
 * takes only its own row with it.
 */
import { measureCapture } from '../capture/task';
import { measureWarmup } from '../capture/warmup';
import { measureShapes } from '../shapes/task';
import { measureCaseTask } from '../transformer/task';
import { compareModel } from './tasks/compare';
import { measureFirst } from './tasks/first';
import type { Message, Task } from './tasks/protocol';
import { measureRewrite } from './tasks/rewrite';

const send = (message: Message, done?: () => void): void => {
  process.send?.(message, undefined, {}, done);
};

async function runTask(task: Task): Promise<unknown> {
  switch (task.kind) {
    case 'compare':
      return compareModel(task, (progress) => send({ progress }));
    case 'first':
      return measureFirst(task);
    case 'capture':
      return measureCapture(task, (progress) => send({ progress }));
    case 'warmup':
      return measureWarmup(task);
    case 'case':
      return measureCaseTask(task);
    case 'shapes':
      return measureShapes(task, (progress) => send({ progress }));
    case 'rewrite':
      return measureRewrite(task);
  }
}

async function answer(task: Task): Promise<Message> {
  try {
    return { result: await runTask(task) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

process.once('message', (task: Task) => {
  void answer(task).then((message) => send(message, () => process.exit(0)));
});
