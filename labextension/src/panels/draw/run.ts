// The page of a run by questions alone.

import type { Draw } from '../ask';
import { renderRun } from '../run/run';

export const drawRun: Draw = (element, frame, ask) => renderRun(element, frame, { ask });
