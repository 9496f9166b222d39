// Where a value lies on an axis, from 0 at its low end to 1 at its high end, and the marks beside it.

import { formatNumber, formatTicks, shorten } from '../format';
import type { ParallelAxis } from './frame';

export interface Scale {
  /** NaN for a value that has no place: missing, infinite, or not positive on a log axis. */
  place(value: number): number;
  valueAt(place: number): number;
  ticks: Tick[];
}

export interface Tick {
  place: number;
  label: string;
}

const MOST_LABELS = 14;
const LABEL_WIDTH = 22;

export function canLog(axis: ParallelAxis): boolean {
  return axis.kind !== 'categorical' && axis.low !== null && axis.low > 0 && axis.high !== axis.low;
}

export function makeScale(axis: ParallelAxis, log: boolean): Scale {
  if (axis.kind === 'categorical') {
    return categoryScale(axis.categories);
  }
  if (axis.low === null || axis.high === null) {
    return { place: () => NaN, valueAt: () => NaN, ticks: [] };
  }
  if (axis.low === axis.high) {
    const { low } = axis;
    const place = (value: number): number => (Number.isFinite(value) ? 0.5 : NaN);
    return { place, valueAt: () => low, ticks: [{ place: 0.5, label: formatNumber(low) }] };
  }
  return log && canLog(axis) ? logScale(axis.low, axis.high) : linearScale(axis.low, axis.high, axis.is_whole);
}

function linearScale(low: number, high: number, isWhole: boolean): Scale {
  // Halves, because the span of two floats may be more than a float can hold.
  const span = high / 2 - low / 2;
  const place = (value: number): number => (Number.isFinite(value) ? (value / 2 - low / 2) / span : NaN);
  const middle = isWhole ? Math.round(low / 2 + high / 2) : low / 2 + high / 2;
  const values = [...new Set([low, middle, high])];
  const labels = alike(values, span * 2, isWhole);
  return {
    place,
    valueAt: at => (low / 2 + at * span) * 2,
    ticks: values.map((value, i) => ({ place: place(value), label: labels[i]! }))
  };
}

/** Labels with as many decimals as tell the values apart, the same number for all. */
function alike(values: number[], span: number, isWhole: boolean): string[] {
  const largest = Math.max(...values.map(Math.abs));
  if (!Number.isFinite(span) || largest >= 1e7 || span < 1e-4) {
    return formatTicks(values);
  }
  if (largest < 1e-3) {
    return values.map(value => (value === 0 ? '0' : `${value < 0 ? '−' : ''}${Math.abs(value).toExponential(1)}`));
  }
  const decimals = isWhole ? 0 : Math.max(1 - Math.floor(Math.log10(span)), 0);
  return values.map(value => formatNumber(value, decimals));
}

function logScale(low: number, high: number): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const place = (value: number): number => (value > 0 && value < Infinity ? (Math.log10(value) - from) / (to - from) : NaN);
  const first = Math.ceil(from - 1e-9);
  const last = Math.floor(to + 1e-9);
  const ticks =
    last - first >= 2
      ? [first, Math.round((first + last) / 2), last].map(power => ({ place: place(10 ** power), label: `1e${power}` }))
      : [0, 0.5, 1].map(at => ({ place: at, label: formatNumber(10 ** (from + at * (to - from))) }));
  return { place, valueAt: at => 10 ** (from + at * (to - from)), ticks };
}

function categoryScale(categories: string[]): Scale {
  const n = Math.max(categories.length, 1);
  const step = Math.ceil(n / MOST_LABELS);
  const ticks = categories.map((label, code) => ({ place: (code + 0.5) / n, label: shorten(label, LABEL_WIDTH) }));
  return {
    place: code => (code + 0.5) / n,
    valueAt: at => at * n - 0.5,
    ticks: ticks.filter((_, code) => code % step === 0)
  };
}

/** A value as the panel tells it beside a line. */
export function valueText(axis: ParallelAxis, value: number): string {
  if (Number.isNaN(value)) {
    return '–';
  }
  return axis.kind === 'categorical' ? (axis.categories[value] ?? '–') : formatNumber(value);
}
