// All metrics of a run in a table, those of the machine apart, and the curve of the chosen one beside it.

import { type Child, h, replace, scrollArea } from '../dom';
import { type Points, asFault, asNumber } from '../frames';
import { formatNumber, shorten, withThousands } from '../format';
import { Chart } from '../chart';
import { faultMark } from '../marks';
import type { Page, PageMetric } from './frame';
import { differenceMark } from './overview';

export async function drawMetrics(page: Page): Promise<Child> {
  const { frame } = page;
  const isWhole = frame.metrics.length + frame.system.length === frame.n_metrics + frame.n_system;
  const all = isWhole ? [...frame.metrics, ...frame.system] : await page.ask<PageMetric[]>('metrics');
  const part = new MetricsPart(page, all);
  // With its curve: what is drawn anew while a run trains would jump without.
  await part.ready;
  return part.node;
}

class MetricsPart {
  readonly node = h('div', { class: 'jt-halves' });
  private readonly figure = h('div', { class: 'jt-beside' });
  private readonly rows = new Map<string, HTMLElement>();
  readonly ready: Promise<void> = Promise.resolve();
  private turn = 0;

  constructor(
    private readonly page: Page,
    metrics: PageMetric[]
  ) {
    const system = metrics.filter(metric => metric.key.startsWith('system/'));
    const own = metrics.filter(metric => !metric.key.startsWith('system/'));
    const heads = ['', 'last', '', 'best', 'min', 'max', 'points'];
    const compared = metrics.some(metric => metric.previous !== null);
    const table = h(
      'table',
      { class: 'jt-lined' },
      h('thead', {}, h('tr', {}, heads.map((head, i) => h('th', { scope: 'col', class: i > 0 ? 'jt-num' : null }, i === 2 && compared ? 'change' : head)))),
      h('tbody', {}, own.map(metric => this.row(metric)), system.length > 0 && groupRow('system'), system.map(metric => this.row(metric)))
    );
    this.node.append(scrollArea('metrics', '', table), this.figure);
    const drawable = metrics.filter(metric => metric.n_points > 1);
    const first = drawable.find(metric => metric.key === page.memory.get('metrics')) ?? drawable[0];
    this.figure.hidden = !first;
    if (first) {
      this.ready = this.choose(first);
    }
  }

  private row(metric: PageMetric): HTMLElement {
    const number = (value: PageMetric['value'] | null): HTMLElement =>
      h('td', { class: 'jt-num', title: value === null ? null : `${value}` }, formatNumber(asNumber(value)));
    const several = metric.n_points > 1;
    const key = shorten(metric.key.replace(/^system\//, ''), 30);
    const row = h(
      'tr',
      { class: several ? 'jt-pick' : null, onclick: several ? () => void this.choose(metric) : null },
      h('th', { scope: 'row', title: metric.key }, several ? h('button', { type: 'button', 'aria-pressed': 'false' }, key) : key),
      h('td', { class: 'jt-num', title: `${metric.value} at step ${metric.step}` }, formatNumber(asNumber(metric.value))),
      h('td', { class: 'jt-num' }, differenceMark(metric)),
      metric.best === null ? h('td', {}) : number(metric.best),
      several ? [number(metric.min_value), number(metric.max_value)] : [h('td', {}), h('td', {})],
      h('td', { class: 'jt-num jt-muted' }, withThousands(String(metric.n_points)))
    );
    this.rows.set(metric.key, row);
    return row;
  }

  private async choose(metric: PageMetric): Promise<void> {
    const turn = ++this.turn;
    this.page.memory.set('metrics', metric.key);
    for (const [key, row] of this.rows) {
      row.classList.toggle('jt-chosen', key === metric.key);
      row.querySelector('button')?.setAttribute('aria-pressed', String(key === metric.key));
    }
    try {
      const points = await this.page.ask<Points>('curve', { key: metric.key });
      if (turn === this.turn) {
        const curve = { key: metric.key, series: [points.value.length > 1 ? points : null] };
        const { run_id, run_name, status, started_at, duration_s, execution_count } = this.page.frame;
        const run = { letter: '', run_id, run_name, status, started_at, duration_s, execution_count };
        replace(this.figure, points.value.length > 1 ? new Chart(curve, [run]).node : h('div', { class: 'jt-empty' }, 'no finite values'));
      }
    } catch (error) {
      if (turn === this.turn) {
        replace(this.figure, faultMark(asFault(error)));
      }
    }
  }
}

function groupRow(name: string): HTMLElement {
  return h('tr', {}, h('th', { class: 'jt-label', colspan: 7, scope: 'colgroup' }, h('b', {}, name)));
}
