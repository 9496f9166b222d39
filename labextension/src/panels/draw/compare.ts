// The comparison by questions alone; runs that are chosen in a table of the same notebook are the ones that it compares.

import type { Draw } from '../ask';
import { renderCompare } from '../compare/compare';
import { isNear, listen } from '../tell';

/** Who chooses ten runs one by one wants one comparison. */
const SELECT_MS = 250;

export const drawCompare: Draw = (element, frame, ask) => {
  const panel = renderCompare(element, frame, {
    curve: asked => ask('curve', asked),
    difference: asked => ask('difference', asked),
    rows: asked => ask('rows', asked),
    column: asked => ask('column', asked),
    contour: asked => ask('contour', asked),
    importance: asked => ask('importance', asked),
    files: () => ask('files', {}),
    preview: asked => ask('preview', asked),
    select: asked => ask('select', asked)
  });
  let timer = 0;
  const deaf = listen(document, 'jtrack-selection', ({ run_ids }, event) => {
    if (isNear(element, event.target as Element)) {
      clearTimeout(timer);
      timer = window.setTimeout(() => void panel.select(run_ids), SELECT_MS);
    }
  });
  return {
    update: frame => panel.update(frame),
    dispose: () => {
      clearTimeout(timer);
      deaf();
      panel.dispose();
    }
  };
};
