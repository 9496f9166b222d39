// Scales, ticks and labels of a chart, without any drawing.

const LABEL_WIDTH = 16;

export type Range = readonly [low: number, high: number];

export interface Scale {
  (value: number): number;
  ticks: number[];
  invert(position: number): number;
}

/** A scale from values to positions, with about `n` ticks; a logarithmic one takes positive values only. */
export function makeScale([low, high]: Range, start: number, end: number, log = false, n = 4): Scale {
  const to = log ? Math.log10 : (value: number): number => value;
  const from = log ? (value: number): number => 10 ** value : (value: number): number => value;
  const [a, b] = [to(low), to(high)];
  // Halves, because the span of two floats may be more than a float can hold.
  const span = b / 2 - a / 2;
  const scale = (value: number): number => (span > 0 ? start + ((to(value) / 2 - a / 2) / span) * (end - start) : (start + end) / 2);
  const invert = (position: number): number => from(a + ((position - start) / (end - start)) * 2 * span);
  return Object.assign(scale, { ticks: log ? logTicks(low, high) : niceTicks(low, high, n), invert });
}

/** Round values that lie within `low` and `high`, at most about `n` + 1 of them. */
export function niceTicks(low: number, high: number, n = 4): number[] {
  const rough = ((high / 2 - low / 2) / (n + 1)) * 2;
  if (!Number.isFinite(rough) || rough <= 0) {
    return [low];
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find(factor => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Powers of ten, with 2 and 5 between them where they are few, and plain round values where these are few too. */
export function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(Math.ceil((last - first) / 5), 1);
  const factors = last - first > 2 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) {
    ticks.push(...factors.map(factor => factor * 10 ** power));
  }
  const within = ticks.filter(tick => tick >= low * 0.999 && tick <= high * 1.001);
  return within.length > 2 ? within : niceTicks(low, high);
}

/** Move labels apart that would cover each other, in their order and between `top` and `bottom`. */
function spreadLabels(heights: number[], top: number, bottom: number, room = 10): number[] {
  const order = heights.map((_, index) => index).sort((a, b) => heights[a]! - heights[b]!);
  const least = Math.min(room, (bottom - top) / Math.max(heights.length - 1, 1));
  const placed = [...heights];
  let above = top - least;
  for (const index of order) {
    placed[index] = above = Math.max(heights[index]!, above + least);
  }
  let below = bottom + least;
  for (const index of order.reverse()) {
    placed[index] = below = Math.min(placed[index]!, below - least);
  }
  return placed;
}

/** Move labels apart as `spreadLabels` does, but not for those of lines that end elsewhere. */
export function spreadEnds(xs: number[], heights: number[], top: number, bottom: number): number[] {
  const groups: number[][] = [];
  for (const index of xs.map((_, index) => index).sort((a, b) => xs[a]! - xs[b]!)) {
    const last = groups.at(-1);
    if (last && xs[index]! - xs[last.at(-1)!]! < LABEL_WIDTH) {
      last.push(index);
    } else {
      groups.push([index]);
    }
  }
  const placed = [...heights];
  for (const group of groups) {
    spreadLabels(group.map(index => heights[index]!), top, bottom).forEach((height, i) => (placed[group[i]!] = height));
  }
  return placed;
}

/** The position of the step nearest to `wanted` in steps that don't decrease. */
export function nearest(steps: number[], wanted: number): number {
  let [low, high] = [0, steps.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle]! <= wanted) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return Math.abs(steps[high]! - wanted) < Math.abs(steps[low]! - wanted) ? high : low;
}
