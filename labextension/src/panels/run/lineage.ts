// What a run belongs to, and what happened to it: its parent and children, the runs of its cell, the data, the events.

import { type Child, h, replace } from '../dom';
import { asFault, asNumber } from '../frames';
import { columnDecimals, exactMoment, formatAgo, formatDuration, formatNumber, plural, shorten } from '../format';
import { faultMark, stateMark } from '../marks';
import type { Page, PageInput, RelatedRun, RunEvent } from './frame';
import { label, runLink } from './overview';

const CHILDREN_AT_ONCE = 50;

interface Children {
  runs: RelatedRun[];
  n_runs: number;
  metric: string | null;
}

export function drawLineage(page: Page): Child {
  const { frame } = page;
  const around: [string, RelatedRun | null][] = [
    ['parent', frame.parent],
    ['before', frame.previous],
    ['after', frame.next]
  ];
  const known = around.filter((pair): pair is [string, RelatedRun] => pair[1] !== null);
  const rows = known.map(([name, run]) =>
    h('tr', {}, h('th', { scope: 'row', class: 'jt-muted' }, name), h('td', {}, stateMark(run.status), ' ', runLink(page, run)), h('td', { class: 'jt-muted', title: exactMoment(run.started_at) }, formatAgo(run.started_at, new Date())))
  );
  return h(
    'div',
    { class: 'jt-columns' },
    rows.length > 0 && h('div', {}, label('runs around'), h('table', {}, h('tbody', {}, rows)), h('div', { class: 'jt-muted' }, frame.previous || frame.next ? 'before and after: runs of the same cell' : null)),
    frame.n_children > 0 && childrenBlock(page),
    frame.inputs.length > 0 && h('div', {}, label('data'), frame.inputs.map(input => inputBlock(input)))
  );
}

export async function drawHistory(page: Page): Promise<Child> {
  const events = await page.ask<RunEvent[]>('events');
  if (!events.length) {
    return h('div', { class: 'jt-empty' }, 'nothing is written down');
  }
  const rows = events.map(event =>
    h(
      'tr',
      {},
      h('td', { class: 'jt-muted jt-num', title: exactMoment(event.at) }, h('time', { datetime: event.at }, exactMoment(event.at).slice(0, 19))),
      h('td', { class: 'jt-wide' }, event.kind === 'note_added' ? [h('b', {}, 'note '), event.text] : event.text)
    )
  );
  return h('table', { class: 'jt-events' }, h('tbody', {}, rows));
}

function childrenBlock(page: Page): HTMLElement {
  const { frame } = page;
  const body = h('tbody');
  const more = h('button', { type: 'button', class: 'jt-link', onclick: () => void read() }, 'more');
  const fault = h('div');
  let runs: RelatedRun[] = [];
  const add = (page_: RelatedRun[], n: number): void => {
    runs = [...runs, ...page_];
    const decimals = columnDecimals(runs.map(run => asNumber(run.value)));
    replace(body, runs.map(run => childRow(page, run, decimals, frame.children_metric !== null)));
    more.hidden = runs.length >= n || page_.length === 0;
  };
  const read = async (): Promise<void> => {
    more.disabled = true;
    try {
      const found = await page.ask<Children>('children', { offset: runs.length, limit: CHILDREN_AT_ONCE });
      add(found.runs, found.n_runs);
      replace(fault);
    } catch (error) {
      replace(fault, faultMark(asFault(error)));
    }
    more.disabled = false;
  };
  add(frame.children, frame.n_children);
  const heads = ['run', ...(frame.children_metric === null ? [] : [shorten(frame.children_metric, 30)]), 'took', 'started'];
  const head = h('tr', {}, heads.map((text, i) => h('th', { scope: 'col', class: i > 0 && i < heads.length - 1 ? 'jt-num' : null }, text)));
  return h('div', {}, label('children', plural(frame.n_children, 'run')), h('table', { class: 'jt-lined' }, h('thead', {}, head), body), more, fault);
}

function childRow(page: Page, run: RelatedRun, decimals: number | null, hasMetric: boolean): HTMLElement {
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, stateMark(run.status), ' ', runLink(page, run)),
    hasMetric && h('td', { class: 'jt-num', title: run.value === null ? null : `${run.value}` }, formatNumber(asNumber(run.value), decimals)),
    h('td', { class: 'jt-num' }, formatDuration(run.duration_s)),
    h('td', { class: 'jt-muted', title: exactMoment(run.started_at) }, formatAgo(run.started_at, new Date()))
  );
}

function inputBlock(input: PageInput): HTMLElement {
  const rows = (['digest', 'context', 'source', 'schema', 'profile'] as const).flatMap(key =>
    input[key] ? [h('tr', {}, h('th', { scope: 'row', class: 'jt-muted' }, key), h('td', { class: 'jt-wide' }, h('code', {}, input[key])))] : []
  );
  return h('div', {}, h('b', {}, input.name), h('table', {}, h('tbody', {}, rows)));
}
