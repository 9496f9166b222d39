// Smoothing of one curve, and the mean of several with its interval: plain numbers, no drawing.

import type { Points } from './frames';
import { nearest } from './axes';

export interface Band {
  step: number[];
  mean: number[];
  /** Half the width of the 95 % interval of the mean; 0 where there is one run only. */
  half: number[];
  n: number[];
}

const MOST_STEPS = 200;
// Student's t for 95 %, by degrees of freedom from 1; beyond these it is near the normal's 1.96.
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

/**
 * A running mean that forgets with `weight` a point (0 nothing, near 1 slowly), without the pull of its start. Points
 * count by the way from one to the next, so that a thinned curve is smoothed like the whole one.
 */
export function smooth({ step, value, n_points }: Points, weight: number): number[] {
  const unit = (step[step.length - 1]! - step[0]!) / Math.max(n_points - 1, 1) || 1;
  let [sum, norm] = [0, 0];
  return value.map((each, i) => {
    const kept = weight ** (i > 0 ? Math.max((step[i]! - step[i - 1]!) / unit, 0) : 1);
    sum = sum * kept + each * (1 - kept);
    norm = norm * kept + (1 - kept);
    return norm > 0 ? sum / norm : each;
  });
}

/** The mean of several curves at common steps; a run counts from its first step to its last. */
export function meanBand(curves: Points[]): Band {
  const steps = commonSteps(curves);
  const band: Band = { step: [], mean: [], half: [], n: [] };
  for (const step of steps) {
    const values = curves.flatMap(points => valueAt(points, step) ?? []);
    if (values.length) {
      const mean = values.reduce((sum, value) => sum + value / values.length, 0);
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1));
      band.step.push(step);
      band.mean.push(mean);
      band.half.push(values.length > 1 ? ((STUDENT[values.length - 2] ?? 1.96) * spread) / Math.sqrt(values.length) : 0);
      band.n.push(values.length);
    }
  }
  return band;
}

/** The value on the line through a curve's points; null before its first step and after its last. */
export function valueAt(points: Points, step: number): number | null {
  const { step: steps, value } = points;
  const last = steps.length - 1;
  if (last < 0 || step < steps[0]! || step > steps[last]!) {
    return null;
  }
  let right = nearest(steps, step);
  if (steps[right]! === step) {
    return value[right]!;
  }
  right += steps[right]! < step ? 1 : 0;
  const left = Math.max(right - 1, 0);
  const span = steps[right]! - steps[left]!;
  return span > 0 ? value[left]! + ((step - steps[left]!) / span) * (value[right]! - value[left]!) : value[right]!;
}

function commonSteps(curves: Points[]): number[] {
  const all = [...new Set(curves.flatMap(points => points.step))].sort((a, b) => a - b);
  if (all.length <= MOST_STEPS) {
    return all;
  }
  const [low, high] = [all[0]!, all[all.length - 1]!];
  return Array.from({ length: MOST_STEPS }, (_, i) => low + ((high - low) * i) / (MOST_STEPS - 1));
}
