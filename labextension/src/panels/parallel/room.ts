// How high the axes are, and what stands above and below them. As a part of a page they have a height of their own; a panel
// that has a place to itself (a tab of JupyterLab) gives them what is left of it.

/** Above an axis: its name, and the correlation. */
export const TOP = 58;
/** Of an axis, where nothing says how much room there is. */
export const LEAST_HEIGHT = 200;
const BELOW = 18;
/** Below the axes the lines that have no value pass, where there are such. */
const GAP = 18;

export class Room {
  height = LEAST_HEIGHT;

  constructor(public hasGap = false) {}

  /** Where lines pass an axis that they have no value on. */
  get missingY(): number {
    return TOP + this.height + GAP;
  }

  /** The height of all. */
  get total(): number {
    return TOP + this.height + BELOW + (this.hasGap ? GAP : 0);
  }

  /** Fit the axes into so much; no less than their own height. */
  fit(total: number): void {
    this.height = Math.max(this.height + total - this.total, LEAST_HEIGHT);
  }

  /** Where a place between the low end (0) and the high end (1) of an axis is. */
  y(place: number, isFlipped: boolean): number {
    return TOP + (isFlipped ? place : 1 - place) * this.height;
  }
}
