// One line at a cell: state, metric, how it stands to the run before, how many runs there are. A click lists them.

import { Widget } from '@lumino/widgets';

import { h, replace } from '../panels/dom';
import { asNumber } from '../panels/frames';
import { formatDifference, formatNumber, plural } from '../panels/format';
import { stateMark } from '../panels/marks';
import type { MarkedCell } from '../server/api';

export class CellMark extends Widget {
  private said = '';
  private readonly button: HTMLButtonElement;

  constructor(show: () => void) {
    super();
    this.addClass('jtrack-mark');
    this.node.classList.add('jtrack', 'jt-interactive');
    this.button = h('button', { type: 'button', onclick: show });
    // A press would otherwise make the notebook take the focus, and the click would miss its button.
    this.button.addEventListener('mousedown', event => event.stopPropagation());
    this.node.append(this.button);
  }

  tell(cell: MarkedCell): void {
    const said = JSON.stringify(cell);
    if (said !== this.said) {
      this.said = said;
      replace(this.button, stateMark(cell.status), metricText(cell), `${cell.metric ? ' ·' : ''} ${plural(cell.n_runs, 'run')}`);
      this.button.title = `${cell.run_name}: show the runs of this cell`;
    }
  }
}

function metricText({ metric }: MarkedCell): Node[] {
  if (!metric) {
    return [];
  }
  const value = asNumber(metric.value);
  return [
    h('span', {}, ` ${metric.key} `, h('b', {}, formatNumber(value))),
    ...differenceText(value, asNumber(metric.previous), metric.is_better)
  ];
}

function differenceText(value: number | null, previous: number | null, is_better: boolean | null): Node[] {
  if (value === null || previous === null || value === previous || !Number.isFinite(value - previous)) {
    return [];
  }
  const arrow = value > previous ? '▲' : '▼';
  const kind = is_better === null ? 'jt-muted' : is_better ? 'jt-better' : 'jt-worse';
  return [h('span', { class: kind }, ` ${arrow} ${formatDifference(value, previous)}`)];
}
