// The renderers by the name of their panel, for a host that shows any of them. A host looks one up, gives it a frame,
// and passes its questions on.

import type { Ask, Draw } from './ask';
import { drawCompare } from './draw/compare';
import { drawLive } from './draw/live';
import { drawModels } from './draw/models';
import { drawParallel } from './draw/parallel';
import { drawRun } from './draw/run';
import { drawRuns } from './draw/runs';
import type { Rendered } from './frames';

export type { Ask } from './ask';

const PANELS: Record<string, Draw> = {
  compare: drawCompare,
  live: drawLive,
  models: drawModels,
  parallel: drawParallel,
  run: drawRun,
  runs: drawRuns
};

/** Draw the panel that a frame is for. */
export function renderPanel(element: HTMLElement, frame: { panel: string }, ask: Ask): Rendered<any> {
  const draw = PANELS[frame.panel];
  if (!draw) {
    throw new Error(`this version of jtrack has no panel '${frame.panel}'`);
  }
  return draw(element, frame, ask);
}
