// How much each param tells of a metric: a bar a param, the most telling first, with the number beside it.

import { h, replace } from '../dom';
import { type CompareCallbacks, type CompareFrame, type Importance, asFault } from '../frames';
import { formatNumber, plural, shorten } from '../format';
import { faultMark } from '../marks';

export class ImportancePart {
  readonly node = h('div', { class: 'jt-importance' });
  private readonly bars = h('div');
  private turn = 0;

  constructor(
    frame: CompareFrame,
    private readonly callbacks: CompareCallbacks
  ) {
    const metrics = frame.axes.filter(axis => axis.startsWith('metrics.'));
    const select: HTMLSelectElement = h(
      'select',
      { 'aria-label': 'metric', onchange: () => void this.draw(select.value) },
      metrics.map(axis => h('option', { value: axis }, shorten(axis.slice('metrics.'.length), 40)))
    );
    replace(this.node, h('div', { class: 'jt-toolbar' }, h('label', {}, 'what tells of ', select)), this.bars);
    void this.draw(metrics[0] ?? '');
  }

  private async draw(metric: string): Promise<void> {
    const turn = ++this.turn;
    try {
      const found = await this.callbacks.importance({ metric });
      if (turn === this.turn) {
        replace(this.bars, found.length ? bars(found) : h('div', { class: 'jt-muted' }, 'nothing can be told: it takes three runs in which a param differs'));
      }
    } catch (error) {
      if (turn === this.turn) {
        replace(this.bars, faultMark(asFault(error)));
      }
    }
  }
}

function bars(found: Importance[]): HTMLElement[] {
  const rows = found.map(({ key, measure, value, n_runs }) => {
    const size = formatNumber(value, 2);
    const text = measure === 'eta' ? `η ${size}` : `ρ ${value > 0 && size !== '0.00' ? '+' : ''}${size}`;
    return h(
      'tr',
      { title: plural(n_runs, 'run') },
      h('th', { scope: 'row', title: key.length > 28 ? key : null }, shorten(key, 30)),
      h('td', {}, h('div', { class: 'jt-told', style: `width:${(Math.abs(value) * 260).toFixed(0)}px` })),
      h('td', { class: 'jt-num' }, text)
    );
  });
  return [
    h('table', {}, h('tbody', {}, rows)),
    h('div', { class: 'jt-muted' }, 'ρ: rank correlation; η: how much of the ranks the categories tell. Few runs tell little.')
  ];
}
