// The renderers by the name of their panel. A host looks one up, gives it a frame, and passes its questions on.

import { renderCompare } from './compare';
import type { CompareCallbacks, Rendered, RunsCallbacks } from './frames';
import { renderParallel } from './parallel';
import { renderRuns } from './runs';
import { renderRun } from './run';

/** How a host carries a panel's question to whoever holds the runs; it rejects with a fault. */
export type Ask = (method: string, params: object) => Promise<any>;

type Draw = (element: HTMLElement, frame: any, ask: Ask) => Rendered<any>;

const PANELS: Record<string, Draw> = {
  runs: (element, frame, ask) => {
    const callbacks: RunsCallbacks = { rows: asked => ask('rows', asked), search: asked => ask('search', asked) };
    return renderRuns(element, frame, callbacks);
  },
  compare: (element, frame, ask) => {
  run: (element, frame, ask) => renderRun(element, frame, { ask }),
    const callbacks: CompareCallbacks = {
      curve: asked => ask('curve', asked),
      difference: asked => ask('difference', asked)
    };
    return renderCompare(element, frame, callbacks);
  },
  parallel: (element, frame, ask) =>
    renderParallel(element, frame, {
      lines: asked => ask('lines', asked),
      brush: run_ids => {
        tell(element, 'jtrack-brush', { run_ids });
        // What is shown does not hang on it: a host that nobody answers in is told in vain.
        ask('brush', { run_ids }).catch(() => undefined);
      },
      open: run_id => tell(element, 'jtrack-open-run', { run_id })
    })
};

/** Let the page around a panel know what someone did in it. */
function tell(element: HTMLElement, name: string, detail: object): void {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/** Draw the panel that a frame is for. */
export function renderPanel(element: HTMLElement, frame: { panel: string }, ask: Ask): Rendered<any> {
  const draw = PANELS[frame.panel];
  if (!draw) {
    throw new Error(`this version of jtrack has no panel '${frame.panel}'`);
  }
  return draw(element, frame, ask);
}
