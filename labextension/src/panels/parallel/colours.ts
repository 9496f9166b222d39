// The colours of lines. The page's own variables say what the ground is; viridis is laid over values so that the
// better end stands out against it: its dark end on a light ground, its light end on a dark one.

import type { Direction } from '../frames';
import type { ParallelAxis } from './frame';
import type { Scale } from './scale';

export const N_SHADES = 48;
const ASTRAY = 0.04;
const VIRIDIS = (
  '440154 481467 482576 453781 404688 39558c 33638d 2d708e 287d8e 238a8d 1f968b 20a386 29af7f 3cbc75 56c667 73d055 ' +
  '94d840 b8de29 dce319 fde725'
)
  .split(' ')
  .map(hex => [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16)) as [number, number, number]);

/** Colours that a canvas can take, read off the element that it lies in. */
export interface Palette {
  isDark: boolean;
  text: string;
  ground: string;
  grey: string;
  faint: string;
  best: string;
  categories: string[];
}

export function readPalette(inside: HTMLElement): Palette {
  const probe = document.createElement('i');
  inside.append(probe);
  const resolve = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const colour = (name: string): string => resolve(`var(--jt-${name})`);
  const ground = colour('ground');
  const [r = 255, g = 255, b = 255] = (ground.match(/[\d.]+/g) ?? []).map(Number);
  const palette = {
    isDark: 0.3 * r + 0.59 * g + 0.11 * b < 128,
    text: colour('text'),
    ground,
    grey: colour('muted'),
    faint: resolve('color-mix(in srgb, var(--jt-muted) 45%, var(--jt-ground))'),
    best: colour('best-line'),
    categories: [0, 1, 2, 3, 4, 5, 6].map(i => colour(`cat-${i}`))
  };
  probe.remove();
  return palette;
}

/** How lines are coloured by an axis: a shade a line, and the shades from the worse to the better end. */
export interface Shading {
  shades: string[];
  /** The values that the first and the last shade begin at; of numbers the worse end is a quantile. */
  ends: [number, number] | null;
  /** Which shade a value has; -1 for none, which is grey. */
  shadeOf(value: number): number;
}

export function makeShading(
  axis: ParallelAxis | null,
  scale: Scale | null,
  values: Float64Array,
  palette: Palette
): Shading {
  if (!axis || !scale) {
    return { shades: [palette.categories[0]!], ends: null, shadeOf: () => 0 };
  }
  const n = axis.categories.length;
  if (axis.kind === 'categorical' && n <= palette.categories.length) {
    return { shades: palette.categories.slice(0, n), ends: null, shadeOf: code => (Number.isNaN(code) ? -1 : code) };
  }
  const shades = Array.from({ length: N_SHADES }, (_, i) => sequential(i / (N_SHADES - 1), palette.isDark));
  const ends: [number, number] = axis.kind === 'categorical' ? [0, n - 1] : robustEnds(values, axis.direction);
  const [worse, better] = ends.map(scale.place) as [number, number];
  const shadeOf = (value: number): number => {
    const place = scale.place(value);
    const quality = better === worse ? 1 : (place - worse) / (better - worse);
    return Number.isNaN(place) ? -1 : Math.round(Math.min(Math.max(quality, 0), 1) * (N_SHADES - 1));
  };
  return { shades, ends, shadeOf };
}

/** From the worse to the better end. A few runs that went astray must not make all the others look alike. */
function robustEnds(values: Float64Array, direction: Direction | null): [number, number] {
  const sorted = values.filter(Number.isFinite).sort();
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))] ?? NaN;
  return direction === 'lower' ? [at(1 - ASTRAY), at(0)] : [at(ASTRAY), at(1)];
}

/** From 0, the worse end, to 1; the last fifth towards the ground is left out, where lines could not be seen. */
function sequential(quality: number, isDark: boolean): string {
  const at = (isDark ? 0.22 + 0.78 * quality : 0.8 * (1 - quality)) * (VIRIDIS.length - 1);
  const low = VIRIDIS[Math.floor(at)]!;
  const high = VIRIDIS[Math.min(Math.floor(at) + 1, VIRIDIS.length - 1)]!;
  const part = at - Math.floor(at);
  return `rgb(${low.map((value, i) => Math.round(value + (high[i]! - value) * part)).join(',')})`;
}
