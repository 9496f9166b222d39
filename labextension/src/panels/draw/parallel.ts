// The parallel coordinates by questions alone; what is done in them is told to the page around, and what is chosen there is lit.

import type { Draw } from '../ask';
import { renderParallel } from '../parallel/parallel';
import { isNear, listen, tell } from '../tell';

export const drawParallel: Draw = (element, frame, ask) => {
  const panel = renderParallel(element, frame, {
    lines: asked => ask('lines', asked),
    stop: asked => ask('stop', asked),
    register: asked => ask('register', asked),
    brush: run_ids => {
      tell(element, 'jtrack-brush', { run_ids });
      // What is shown does not hang on it: a host that nobody answers in is told in vain.
      ask('brush', { run_ids }).catch(() => undefined);
    },
    open: run_id => void tell(element, 'jtrack-open-run', { run_id }),
    show: (panel, params, label) => void tell(element, 'jtrack-open-panel', { panel, params, label })
  });
  const deaf = listen(document, 'jtrack-selection', ({ run_ids }, event) => {
    if (isNear(element, event.target as Element)) {
      panel.choose(run_ids);
    }
  });
  return {
    update: frame => panel.update(frame),
    looksByItself: () => panel.looksByItself(),
    dispose: () => {
      deaf();
      panel.dispose();
    }
  };
};
