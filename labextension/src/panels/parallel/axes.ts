// Everything of an axis that is not a line of a run: the rule, its ticks, the gap below it for missing values.

import { s } from '../dom';
import type { ParallelAxis } from './frame';
import type { Scale } from './scale';
import { type Room, TOP } from './room';

const ROOM_FOR_LABELS = 13;
const CHARACTER = 6.2;

export function axisMarks(axis: ParallelAxis, scale: Scale, x: number, isFlipped: boolean, roomRight: number, room: Room): SVGElement {
  const at = Math.round(x) + 0.5;
  // A single value has every line at its height: it is written above them.
  const rise = scale.ticks.length === 1 ? 10 : 0;
  const labels = thinned(scale.ticks.map(({ place, label }) => ({ y: room.y(place, isFlipped), label })));
  return s(
    'g',
    {},
    s('path', { class: 'jt-rule', d: `M${at} ${TOP}V${room.y(0, false)}` }),
    axis.n_missing > 0 && [
      s('path', { class: 'jt-rule jt-gap', d: `M${at} ${room.y(0, false) + 6}V${room.missingY + 6}` }),
      s('text', { x: at + 7, y: room.missingY + 3.5 }, 'missing')
    ],
    labels.map(({ y, label }) => [
      s('path', { class: 'jt-rule', d: `M${at - 3} ${y.toFixed(1)}h6` }),
      s('text', { x: at + 7, y: (y + 3.5 - rise).toFixed(1) }, cut(label, Math.max(Math.floor((roomRight - 12) / CHARACTER), 6)))
    ])
  );
}

/** A label in so many characters; what is left out is its middle, for labels often begin alike. */
function cut(label: string, width: number): string {
  const characters = [...label];
  return characters.length <= width ? label : `${characters.slice(0, width - 4).join('')}…${characters.slice(-3).join('')}`;
}

/** Leave out labels that would lie on the one before. */
function thinned(labels: { y: number; label: string }[]): { y: number; label: string }[] {
  const kept: { y: number; label: string }[] = [];
  for (const label of [...labels].sort((a, b) => a.y - b.y)) {
    if (!kept.length || label.y - kept[kept.length - 1]!.y >= ROOM_FOR_LABELS) {
      kept.push(label);
    }
  }
  return kept;
}
