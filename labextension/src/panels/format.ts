// How numbers, times and sizes read: the same rules as jtrack/widgets/format.py, held against the same cases
// (tests/widgets/format_cases.json).

export const MISSING = '–';
const MINUS = '−';
const SIGNIFICANT = 4;
const LARGEST_PLAIN = 1e7;
const LARGEST_WHOLE = 1e9;
const MOST_DECIMALS = 6;
const WIDEST_TICK = 9;

/** Decimals that give `value` so many significant digits; null means scientific notation. */
export function decimalsFor(value: number, significant = SIGNIFICANT): number | null {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < LARGEST_WHOLE)) {
    return 0;
  }
  const size = Math.abs(Number(value.toExponential(significant - 1)));
  if (size >= LARGEST_PLAIN || size < 1e-4) {
    return null;
  }
  return Math.max(significant - 1 - exponentOf(size), 0);
}

/** A metric as people read it; `decimals` of null takes what this value needs for its significant digits. */
export function formatNumber(value: number | null, decimals: number | null = null, significant = SIGNIFICANT): string {
  if (value === null) {
    return MISSING;
  }
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : `${MINUS}∞`;
  }
  const places = decimals ?? decimalsFor(value, significant);
  const size = Math.abs(value);
  const text = places === null ? power(size, significant) : withThousands(size.toFixed(places));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** The label of an axis: no more digits than it needs. */
export function formatTick(value: number, significant = SIGNIFICANT): string {
  return withoutZeros(formatNumber(value, null, significant));
}

/**
 * The labels of an axis, all with as many decimals as the one that needs most: they stand under each other. Where there
 * is no room for those, or they are the same for values that differ, they are powers of ten, or have more digits, or
 * fewer where that hardly moves them, or tell how far they lie from the roundest.
 */
export function formatTicks(values: number[], isLog = false): string[] {
  const willDo = (texts: string[]): boolean =>
    new Set(texts).size === new Set(values).size && texts.every(text => text.length <= WIDEST_TICK);
  const alike = (decimals: number): string[] => values.map(value => formatNumber(value, decimals));
  const each = values.map(value => formatTick(value));
  const decimals = Math.max(0, ...each.map(text => text.split('.')[1]?.length ?? 0));
  const texts = isLog || each.some(text => text.includes('e')) ? each : alike(decimals);
  if (willDo(texts)) {
    return texts;
  }
  const powers = values.map(value => tickPower(value));
  if (willDo(powers) || values.length < 2) {
    return powers;
  }
  const [first, second] = values as [number, number];
  const finer = alike((second - first).toFixed(MOST_DECIMALS).replace(/0+$/, '').split('.')[1]?.length ?? 0);
  const shorter = [3, 2].map(significant => values.map(value => tickPower(value, significant)));
  return [finer, ...shorter.filter(texts => stayInPlace(values, texts))].find(willDo) ?? offsets(values);
}

function tickPower(value: number, significant = SIGNIFICANT): string {
  return value === 0 ? '0' : (value < 0 ? MINUS : '') + withoutZeros(power(Math.abs(value), significant));
}

/** Whether no text is further from its value than a twentieth of what lies between two values. */
function stayInPlace(values: number[], texts: string[]): boolean {
  const room = Math.abs(values[1]! / 20 - values[0]! / 20);
  return values.every((value, i) => Math.abs(Number(texts[i]!.replace(MINUS, '-')) - value) <= room);
}

function offsets(values: number[]): string[] {
  const whole = (value: number): string => formatTick(value, 12);
  const roundest = values.reduce((best, value) => (whole(value).length < whole(best).length ? value : best));
  return values.map(value => (value === roundest ? whole(value) : (value > roundest ? '+' : '') + formatTick(value - roundest)));
}

function power(size: number, significant: number): string {
  return size.toExponential(significant - 1).replace('e+', 'e');
}

function withoutZeros(text: string): string {
  return text.replace(/(?:\.|(\.\d*?))0+(?=e|$)/, '$1');
}

/** The two ends of a scale, with as many decimals as tell them apart. */
export function formatEnds(low: number, high: number): [string, string] {
  const span = Math.abs(high - low);
  const isPlain = Number.isFinite(span) && span >= 1e-4 && Math.max(Math.abs(low), Math.abs(high)) < LARGEST_PLAIN;
  const decimals = [low, high].every(Number.isInteger) ? 0 : Math.max(2 - exponentOf(span), 0);
  return isPlain ? [formatNumber(low, decimals), formatNumber(high, decimals)] : (formatTicks([low, high]) as [string, string]);
}

/** `38 ms`, `12.4 s`, `4 min 5 s`, `1 h 12 min`, `3 d 4 h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) {
    return MISSING;
  }
  if (seconds < 0.0995) {
    return seconds >= 0.001 ? `${(seconds * 1000).toFixed(0)} ms` : '<1 ms';
  }
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 3600) {
    return twoUnits(whole, 60, 'min', 1, 's');
  }
  if (whole < 86400) {
    return twoUnits(Math.round(whole / 60) * 60, 3600, 'h', 60, 'min');
  }
  return twoUnits(Math.round(whole / 3600) * 3600, 86400, 'd', 3600, 'h');
}

/** `now`, `25 s ago`, `4 min ago`, `1 h ago`, `2 d ago`, then the date. */
export function formatAgo(moment: string, now: Date): string {
  const seconds = (now.getTime() - new Date(moment).getTime()) / 1000;
  if (seconds < 5) {
    return 'now';
  }
  const units: [limit: number, size: number, unit: string][] = [
    [60, 1, 's'],
    [3600, 60, 'min'],
    [86400, 3600, 'h'],
    [7 * 86400, 86400, 'd']
  ];
  const fitting = units.find(([limit]) => seconds < limit);
  return fitting ? `${Math.floor(seconds / fitting[1])} ${fitting[2]} ago` : moment.slice(0, 10);
}

/** The full time, for a tooltip. */
export function exactMoment(moment: string): string {
  return `${new Date(moment).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 run`, `1,204 runs`. */
export function plural(n: number, noun: string): string {
  return `${withThousands(String(n))} ${noun}${n === 1 ? '' : 's'}`;
}

export function withThousands(digits: string): string {
  const [whole = '', rest] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

export function shorten(text: string, width: number): string {
  // By characters, of which some take two places of a string: half of one is none.
  const characters = [...text.slice(0, width * 8 + 1)];
  const line = [...characters.slice(0, width * 4).join('').split(/\s+/).filter(Boolean).join(' ')];
  return line.length <= width && characters.length <= width * 4 ? line.join('') : `${line.slice(0, width - 1).join('')}…`;
}

/** Shorten texts that stand beside each other so that those that differ are seen to differ: their beginning, else their
 * middle, is left out in place of the end. */
export function tellApart(texts: string[], width: number): string[] {
  const cut = texts.map(text => shorten(text, width));
  if (new Set(cut).size === new Set(texts).size) {
    return cut;
  }
  const isLong = (text: string): boolean => [...text].length > width;
  const [first = [], ...others] = texts.filter(isLong).map(text => [...text]);
  const differs = first.findIndex((sign, i) => others.some(other => other[i] !== sign));
  const start = (differs < 0 ? first.length : differs) - Math.floor(width / 3);
  const head = Math.floor(width / 2);
  const told = (signs: string[]): string =>
    start > 0 ? shorten(`…${signs.slice(start).join('')}`, width) : `${signs.slice(0, head).join('')}…${signs.slice(1 + head - width).join('')}`;
  return texts.map(text => (isLong(text) ? told([...text]) : text));
}

function exponentOf(size: number): number {
  // Not the logarithm: it is off by one for some powers of ten.
  return Number(size.toExponential().split('e')[1]);
}

function twoUnits(whole: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((whole % big) / small);
  const first = `${Math.floor(whole / big)} ${bigUnit}`;
  return rest ? `${first} ${rest} ${smallUnit}` : first;
}

/** Decimals for values that stand under each other; null where they lie too far apart for that. */
export function columnDecimals(values: (number | null)[]): number | null {
  const sizes = values.flatMap(value => (value !== null && Number.isFinite(value) && value !== 0 ? [Math.abs(value)] : []));
  const most = Math.max(...sizes);
  if (!sizes.length || sizes.every(size => Number.isInteger(size))) {
    return !sizes.length || most < LARGEST_WHOLE ? 0 : null;
  }
  const decimals = decimalsFor(most);
  if (decimals === null || most >= LARGEST_PLAIN) {
    return null;
  }
  const needed = Math.max(decimals, 1 - exponentOf(Math.min(...sizes)));
  return needed <= 6 ? needed : null;
}

/** The size of a difference with as many decimals as the value, without its sign. */
export function formatDifference(value: number, previous: number): string {
  const difference = Math.abs(value - previous);
  if (!Number.isFinite(difference)) {
    return '';
  }
  const decimals = columnDecimals([value, previous]);
  const text = formatNumber(difference, decimals);
  // Too small to show is not zero.
  return decimals !== null && difference > 0 && !/[1-9]/.test(text) ? `<${formatNumber(10 ** -decimals, decimals)}` : text;
}

/** `812 B`, `3.1 MB`: decimal units. */
export function formatBytes(nBytes: number): string {
  if (nBytes < 1000) {
    return `${nBytes} B`;
  }
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = nBytes / 1000;
  while (size >= 999.95 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size.toFixed(1)} ${units[0]}`;
}
