/** The tasks of the demo and of its page, lightest first. */
import { faces } from './faces';
import { objects } from './objects';
import { people } from './people';
import { pose } from './pose';
import { safety } from './safety';

export const TASKS = { faces, people, pose, safety, objects };
export type TaskName = keyof typeof TASKS;
