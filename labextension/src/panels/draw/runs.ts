// The runs table by questions alone; what is chosen in it is told to the page around, and what is brushed there narrows it.

import type { Draw } from '../ask';
import { renderRuns } from '../runs/runs';
import { isNear, listen, tell } from '../tell';

export const drawRuns: Draw = (element, frame, ask) => {
  const panel = renderRuns(element, frame, {
    rows: asked => ask('rows', asked),
    search: asked => ask('search', asked),
    among: asked => ask('among', asked),
    fold: asked => ask('fold', asked),
    columns: () => ask('columns', {}),
    ids: asked => ask('ids', asked),
    complete: asked => ask('complete', asked),
    narrow: asked => ask('narrow', asked),
    file: asked => ask('file', asked),
    names: () => ask('names', {}),
    delete: asked => ask('delete', asked),
    restore: asked => ask('restore', asked),
    tag: asked => ask('tag', asked),
    register: asked => ask('register', asked),
    select: run_ids => void tell(element, 'jtrack-selection', { run_ids }),
    open: ({ run_id, run_name }) => tell(element, 'jtrack-open-run', { run_id, run_name }),
    goToCell: ({ run_id }) => tell(element, 'jtrack-go-to-cell', { run_id }),
    show: (panel, params, label) => tell(element, 'jtrack-open-panel', { panel, params, label })
  });
  const deaf = listen(document, 'jtrack-brush', ({ run_ids }, event) => {
    if (isNear(element, event.target as Element)) {
      panel.among(run_ids);
    }
  });
  return {
    update: frame => panel.update(frame),
    dispose: () => {
      deaf();
      panel.dispose();
    }
  };
};
