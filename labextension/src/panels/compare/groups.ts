// The ways in which the compared runs can be drawn as a few lines: all as one, by a param, or over the seeds of one setting.

import type { CompareFrame } from '../frames';
import type { Group } from '../chart';
import { MISSING, shorten } from '../format';

const MOST_GROUPS = 7;

interface Grouping {
  name: string;
  groups: Group[];
}

/** First the means over one param, such as a seed, of runs that are alike in all the others; then those by one param. */
export function groupings(frame: CompareFrame): Grouping[] {
  const all = frame.runs.map((_, index) => index);
  // Of a long list only a part may be here, and then nobody knows which runs are alike.
  const isWhole = frame.params.length === frame.n_params && frame.params.length > 1;
  const over = frame.params.map((_, place) => {
    const others = frame.params.filter((_, each) => each !== place);
    return groupBy(all, index => others.map(({ key, texts }) => `${key} ${texts[index] ?? MISSING}`).join(', '));
  });
  const by = frame.params.map(({ texts }) => groupBy(all, index => texts[index] ?? MISSING));
  const named = (prefix: string, found: Group[][]): Grouping[] =>
    found.map((groups, i) => ({ name: `${prefix} ${shorten(frame.params[i]!.key, 24)}`, groups }));
  const offered = [...named('mean over', isWhole ? over : []), ...named('mean by', by)].filter(
    ({ groups }) => groups.length > 1 && groups.length <= MOST_GROUPS && groups.length < all.length
  );
  return [...offered, { name: 'mean of all runs', groups: [{ label: 'all runs', members: all }] }];
}

function groupBy(runs: number[], label: (run: number) => string): Group[] {
  const groups = new Map<string, number[]>();
  runs.forEach(run => groups.set(label(run), [...(groups.get(label(run)) ?? []), run]));
  const order = (a: string, b: string): number => Number(a) - Number(b) || a.localeCompare(b);
  return [...groups].sort(([a], [b]) => order(a, b)).map(([text, members]) => ({ label: shorten(text, 48), members }));
}
