// The parallel coordinates by questions alone; what is done in them is also told to the page around.

import type { Draw } from '../ask';
import { renderParallel } from '../parallel/parallel';

export const drawParallel: Draw = (element, frame, ask) =>
  renderParallel(element, frame, {
    lines: asked => ask('lines', asked),
    brush: run_ids => {
      tell(element, 'jtrack-brush', { run_ids });
      // What is shown does not hang on it: a host that nobody answers in is told in vain.
      ask('brush', { run_ids }).catch(() => undefined);
    },
    open: run_id => tell(element, 'jtrack-open-run', { run_id })
  });

/** Let the page around a panel know what someone did in it. */
function tell(element: HTMLElement, name: string, detail: object): void {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
