// The runs table by questions alone.

import type { Draw } from '../ask';
import { renderRuns } from '../runs/runs';

export const drawRuns: Draw = (element, frame, ask) =>
  renderRuns(element, frame, { rows: asked => ask('rows', asked), search: asked => ask('search', asked) });
