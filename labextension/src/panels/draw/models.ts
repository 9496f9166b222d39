// The registry by questions alone.

import type { Draw } from '../ask';
import { renderModels } from '../models/models';

export const drawModels: Draw = (element, frame, ask) =>
  renderModels(element, frame, {
    open: asked => ask('open', asked),
    difference: asked => ask('difference', asked),
    register: asked => ask('register', asked),
    promote: asked => ask('promote', asked),
    description: asked => ask('description', asked),
    describe: asked => ask('describe', asked),
    edit: asked => ask('edit', asked)
  });
