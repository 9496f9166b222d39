// A run that trains, by questions alone.

import type { Draw } from '../ask';
import { renderLive } from '../live/live';

export const drawLive: Draw = (element, frame, ask) =>
  renderLive(element, frame, {
    pushes: ask.pushes ?? false,
    look: asked => ask('look', asked),
    lookAside: asked => (ask.aside ? ask.aside('look', asked) : Promise.reject(new Error('nobody else has the run'))),
    // Only a holder that sends by itself has to know who looks.
    watch: asked => (ask.pushes ? ask('watch', asked) : Promise.resolve({})),
    stop: asked => ask('stop', asked),
    knob: asked => ask('knob', asked),
    note: asked => ask('note', asked)
  });
