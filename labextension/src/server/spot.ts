// Where one is on the page that the server gives, as text behind the # of its address: `#/run/1f3c…`,
// `#/compare/1f3c…+9a2b…`, `#/runs?filter_string=…`. What has no short form is JSON.

import type { Place } from './api';

/** A panel and the arguments of its model. */
export interface Spot {
  panel: string;
  params: Record<string, unknown>;
}

/** Of each panel the argument that stands in the path, and whether it is a list. */
const SHORT: Record<string, [name: string, isList: boolean]> = {
  run: ['run_id', false],
  live: ['run', false],
  compare: ['runs', true],
  parallel: ['parent_or_runs', false]
};
const NAME = /^[\w-]+$/;

export function spotHash({ panel, params }: Spot): string {
  const [name, isList] = SHORT[panel] ?? ['', false];
  const value = params[name];
  const items = Array.isArray(value) ? value : [value];
  const isShort = isList === Array.isArray(value) && items.every(item => typeof item === 'string' && NAME.test(item));
  const path = isShort ? `/${items.join('+')}` : '';
  const words = new URLSearchParams();
  for (const [key, other] of Object.entries(params)) {
    if (!(isShort && key === name) && other !== null && other !== undefined) {
      words.append(key, JSON.stringify(other));
    }
  }
  return `#/${panel}${path}${words.size ? `?${words}` : ''}`;
}

/** The address of the page that shows a panel about the runs of a place. */
export function pageAddress(baseUrl: string, place: Place, spot: Spot): string {
  return `${baseUrl}jtrack?${new URLSearchParams({ ...place })}${spotHash(spot)}`;
}

/** Null for what is no place here, such as an address without one. */
export function parseSpot(hash: string): Spot | null {
  const found = /^#\/(\w+)(?:\/([\w+-]*))?(?:\?(.*))?$/.exec(hash);
  if (!found) {
    return null;
  }
  const [, panel, path, query] = found as unknown as [string, string, string | undefined, string | undefined];
  const params: Record<string, unknown> = {};
  const [name, isList] = SHORT[panel] ?? ['', false];
  if (path && name) {
    params[name] = isList ? path.split('+') : path;
  }
  for (const [key, text] of new URLSearchParams(query ?? '')) {
    try {
      params[key] = JSON.parse(text);
    } catch {
      // Typed by hand: then it is text.
      params[key] = text;
    }
  }
  return { panel, params };
}
