// Which rows of a long table exist as elements: those in view and some around them. All rows are of one height, so
// the ones that don't exist are two empty rows of the height they would have.

export const ROW_HEIGHT = 29;
const AROUND = 6;
/** So many pages on from what is in view are read before they come, two at once. */
const AHEAD = 2;

export interface Window {
  first: number;
  last: number;
}

/** The rows to draw, `last` not included. */
export function visibleWindow(scrollTop: number, height: number, nRows: number): Window {
  const first = Math.max(Math.floor(scrollTop / ROW_HEIGHT) - AROUND, 0);
  const last = Math.min(Math.ceil((scrollTop + height) / ROW_HEIGHT) + AROUND, nRows);
  return { first: Math.min(first, Math.max(last, 0)), last };
}

/** The pages that hold rows of a window and aren't there yet, by their first row. */
export function missingPages(window: Window, pageSize: number, has: (index: number) => boolean): number[] {
  const pages: number[] = [];
  for (let page = Math.floor(window.first / pageSize) * pageSize; page < window.last; page += pageSize) {
    const last = Math.min(page + pageSize, window.last);
    for (let index = Math.max(page, window.first); index < last; index++) {
      if (!has(index)) {
        pages.push(page);
        break;
      }
    }
  }
  return pages;
}

/** The pages that come next where someone scrolls and weren't asked for yet: neighbours, by their first row. */
export function pagesAhead(window: Window, heading: 'up' | 'down', pageSize: number, nRows: number, isAsked: (page: number) => boolean): number[] {
  const step = heading === 'up' ? -pageSize : pageSize;
  const here = Math.floor((heading === 'up' ? window.first : window.last - 1) / pageSize) * pageSize;
  const isMissing = (page: number): boolean => page >= 0 && page < nRows && !isAsked(page);
  const nearest = Array.from({ length: AHEAD + 1 }, (_, n) => here + n * step).find(isMissing);
  if (nearest === undefined) {
    return [];
  }
  const both = [nearest, nearest + step].filter(isMissing);
  return heading === 'up' ? both.reverse() : both;
}
