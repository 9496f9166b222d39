// What one wants to know of a run first: how it ended, its metrics and params against the run before, where it came from.

import { type Child, h } from '../dom';
import { asNumber } from '../frames';
import { MISSING, exactMoment, formatAgo, formatDifference, formatNumber, plural, shorten } from '../format';
import { markdownBlocks } from './markdown';
import { sparkLine } from '../marks';
import { tell } from '../tell';
import type { Page, PageMetric, PageParam, RelatedRun, RunFrame } from './frame';

const MOST_METRICS = 8;
const MOST_PARAMS = 12;

export function drawOverview(page: Page): Child {
  const { frame } = page;
  return [
    errorBlock(page),
    frame.description && h('div', { class: 'jt-prose' }, markdownBlocks(frame.description)),
    h('div', { class: 'jt-columns' }, metricsColumn(page), paramsColumn(page), h('div', { class: 'jt-about' }, label('about'), facts(page)))
  ];
}

export function label(text: string, note: string | null = null): HTMLElement {
  return h('div', { class: 'jt-label' }, h('b', {}, text), note && [' ', h('i', {}, note)]);
}

/** ▲ or ▼ with the size of the difference, in the colour of better or worse and with its word. */
export function differenceMark(metric: PageMetric): Child {
  const [value, previous] = [Number(metric.value), asNumber(metric.previous)];
  if (previous === null || Number.isNaN(value) || Number.isNaN(previous)) {
    return null;
  }
  if (value === previous) {
    return h('span', { class: 'jt-muted', title: 'same as before' }, '=');
  }
  const verdict = metric.is_better === null ? null : metric.is_better ? 'better' : 'worse';
  const title = `before: ${previous}${verdict ? `, ${verdict} now` : ''}`;
  return h('span', { class: `jt-${verdict ?? 'muted'}`, title }, `${value > previous ? '▲' : '▼'} ${formatDifference(value, previous)}`);
}

/** A param's row: its value, and the one that the run before had where it differs. */
export function paramRow(param: PageParam, width = 28): HTMLElement {
  const { value, previous } = param;
  return h(
    'tr',
    { class: param.change === 'same' ? null : 'jt-new' },
    h('th', { scope: 'row', title: param.key.length > 28 ? param.key : null }, shorten(param.key, 40)),
    h('td', { class: 'jt-num', title: value ? value.exact : 'gone' }, value ? shorten(value.text, width) : MISSING),
    h('td', { class: 'jt-muted' }, previous ? h('del', { title: previous.exact }, shorten(previous.text, width)) : param.change === 'added' ? 'new' : null)
  );
}

/** A link that opens another run in the page's place. */
export function runLink(page: Page, run: RelatedRun): HTMLElement {
  return h('button', { type: 'button', class: 'jt-link', title: run.run_id, onclick: () => page.open(run.run_id) }, shorten(run.run_name, 40));
}

function tabLink(page: Page, tab: string, text: string): HTMLElement {
  return h('button', { type: 'button', class: 'jt-link', onclick: () => page.show(tab) }, text);
}

function errorBlock({ frame }: Page): Child {
  if (!frame.error) {
    return null;
  }
  const lines = frame.error.trimEnd().split('\n');
  return h(
    'div',
    { class: 'jt-trace', tabindex: 0, role: 'group', 'aria-label': 'error' },
    h('pre', {}, lines.slice(0, -1).join('\n'), '\n', h('b', { class: 'jt-bad' }, lines[lines.length - 1] ?? ''))
  );
}

function metricsColumn(page: Page): Child {
  const { frame } = page;
  const shown = frame.metrics.slice(0, MOST_METRICS);
  if (!shown.length) {
    return null;
  }
  const rows = shown.map(metric =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', title: metric.key.length > 28 ? metric.key : null }, shorten(metric.key, 40)),
      h('td', { class: 'jt-num', title: `${metric.value}` }, formatNumber(asNumber(metric.value))),
      h('td', {}, differenceMark(metric)),
      h('td', { class: 'jt-spark' }, metric.spark && sparkLine(metric.spark))
    )
  );
  const more = frame.n_metrics - shown.length;
  return h('div', {}, label('metrics'), h('table', {}, h('tbody', {}, rows)), more > 0 && tabLink(page, 'metrics', `${more} more`));
}

function paramsColumn(page: Page): Child {
  const { frame } = page;
  const shown = frame.params.slice(0, MOST_PARAMS);
  if (!shown.length) {
    return null;
  }
  const more = frame.n_params - shown.length;
  // What went is a change too, of none that the run has.
  const changed = `${frame.n_changed} changed`;
  const note = frame.previous && (frame.n_changed > frame.n_params ? changed : `${changed} of ${frame.n_params}`);
  const table = h('table', {}, h('tbody', {}, shown.map(param => paramRow(param))));
  return h('div', {}, label('params', note), table, more > 0 && tabLink(page, 'params', `${more} more`));
}

function facts(page: Page): HTMLElement {
  const { frame } = page;
  const { environment } = frame;
  const rows: [string, Child][] = [
    ['started', h('span', { title: formatAgo(frame.started_at, new Date()) }, exactMoment(frame.started_at))],
    ['user', frame.user_name],
    ['notebook', notebook(frame)],
    ['git', gitText(frame)],
    ['python', environment && `${environment.python_version} on ${shorten(environment.platform, 40)}`],
    ['packages', environment && environment.n_changes > 0 && frame.previous && tabLink(page, 'environment', `${environment.n_changes} changed`)],
    ['data', frame.inputs.length > 0 && frame.inputs.map(input => input.name).join(', ')],
    ['tags', frame.tags.slice(0, 6).map(tag => h('span', { class: 'jt-tag' }, `${tag.key} ${shorten(tag.value, 40)}`))],
    ['registered', frame.versions.map(registered)],
    ['parent', frame.parent && runLink(page, frame.parent)],
    ['children', frame.n_children > 0 && tabLink(page, 'lineage', plural(frame.n_children, 'run'))],
    ['before', frame.previous && runLink(page, frame.previous)],
    ['after', frame.next && runLink(page, frame.next)],
    ['notes', frame.notes.slice(0, 3).map(note => h('div', { title: exactMoment(note.at) }, shorten(note.text, 200)))]
  ];
  const known = rows.filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));
  return h('table', {}, h('tbody', {}, known.map(([key, value]) => h('tr', {}, h('th', { scope: 'row' }, key), h('td', {}, value)))));
}

/** A version that was registered from the run, leading to its model. */
function registered({ name, version, stage, aliases }: RunFrame['versions'][number]): HTMLElement {
  const text = [name, version, ...aliases.map(alias => `@${alias}`), ...(stage === 'None' ? [] : [stage])].join(' ');
  const open = (): void => void tell(link, 'jtrack-open-panel', { panel: 'models', params: { name }, label: name });
  const link: HTMLElement = h('button', { type: 'button', class: 'jt-link', title: text, onclick: open }, shorten(text, 60));
  return h('div', {}, link);
}

function notebook(frame: RunFrame): Child {
  const path = frame.notebook_path ?? frame.source_name;
  const cell = frame.execution_count === null ? '' : `, cell [${frame.execution_count}]`;
  return path ? h('span', { title: path }, `${path.split('/').pop()}${cell}`) : cell && cell.slice(2);
}

export function gitText(frame: RunFrame): Child {
  if (!frame.git_commit) {
    return null;
  }
  const branch = frame.git_branch ? ` on ${frame.git_branch}` : '';
  return [h('code', { title: frame.git_commit }, frame.git_commit.slice(0, 7)), `${branch}${frame.git_dirty ? ', with changes' : ''}`];
}
