// The comparison by questions alone.

import type { Draw } from '../ask';
import { renderCompare } from '../compare/compare';

export const drawCompare: Draw = (element, frame, ask) =>
  renderCompare(element, frame, {
    curve: asked => ask('curve', asked),
    difference: asked => ask('difference', asked),
    rows: asked => ask('rows', asked),
    column: asked => ask('column', asked),
    contour: asked => ask('contour', asked),
    importance: asked => ask('importance', asked),
    files: () => ask('files', {}),
    preview: asked => ask('preview', asked)
  });
