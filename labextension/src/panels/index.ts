// The renderers by the name of their panel. A host looks one up, gives it a frame, and passes its questions on.

import { renderCompare } from './compare';
import type { CompareCallbacks, Rendered, RunsCallbacks } from './frames';
import { renderLive } from './live';
import { renderParallel } from './parallel';
import { renderRun } from './run';
import { renderRuns } from './runs';

/** How a host carries a panel's question to whoever holds the runs; it rejects with a fault. */
export interface Ask {
  (method: string, params: object): Promise<any>;
  /** Whether what is new comes to `Rendered.push` by itself; a panel that wants it has to ask where it doesn't. */
  pushes?: boolean;
}

type Draw = (element: HTMLElement, frame: any, ask: Ask) => Rendered<any>;

const PANELS: Record<string, Draw> = {
  run: (element, frame, ask) => renderRun(element, frame, { ask }),
  runs: (element, frame, ask) => {
    const callbacks: RunsCallbacks = { rows: asked => ask('rows', asked), search: asked => ask('search', asked) };
    return renderRuns(element, frame, callbacks);
  },
  compare: (element, frame, ask) => {
    const callbacks: CompareCallbacks = {
      curve: asked => ask('curve', asked),
      difference: asked => ask('difference', asked)
    };
    return renderCompare(element, frame, callbacks);
  },
  live: (element, frame, ask) =>
    renderLive(element, frame, {
      pushes: ask.pushes ?? false,
      look: asked => ask('look', asked),
      // Only a holder that sends by itself has to know who looks.
      watch: asked => (ask.pushes ? ask('watch', asked) : Promise.resolve({})),
      stop: asked => ask('stop', asked),
      knob: asked => ask('knob', asked),
      note: asked => ask('note', asked)
    }),
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
