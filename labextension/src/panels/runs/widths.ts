// How wide the columns of a table are: as wide as what is in them, measured in the fonts that the page really has.

const MEASURE = document.createElement('canvas').getContext('2d');
const PADDING = 24;
/** An arrow and the button of the column's menu, which come and go. */
const HEAD_SIGNS = 34;

/** The width of the widest of some texts, in the font of `node`; a guess where there is nothing to measure with. */
export function widest(texts: string[], node: Element): number {
  const { font } = getComputedStyle(node);
  if (!MEASURE || !font) {
    return Math.max(0, ...texts.map(text => text.length)) * 7.2;
  }
  MEASURE.font = font;
  return Math.max(0, ...texts.map(text => MEASURE.measureText(text).width));
}

/** A column's width from its head and its cells. */
export function columnWidth(head: string, cells: string[], node: Element, most: number): number {
  const inside = Math.max(widest(cells, node), widest([head], node) + HEAD_SIGNS);
  return Math.ceil(Math.min(Math.max(inside + PADDING + 2, 60), most));
}
