// The sources of two of the compared runs held against each other, word by word.

import { h, replace } from '../dom';
import { type CompareCallbacks, type CompareFrame, type SourcePair, asFault } from '../frames';
import { shorten } from '../format';
import { type DiffView, differenceBlock } from '../difference';
import { faultMark } from '../marks';

const NOTHING: SourcePair['difference'] = { rows: [], n_removed: 0, n_added: 0, n_hidden: 0 };

export class SourcePart {
  readonly node = h('div', { class: 'jt-sources' });
  private view: DiffView = 'split';
  private pair: SourcePair | null;
  private readonly fault = h('div');
  private readonly body = h('div');

  constructor(
    private readonly frame: CompareFrame,
    private readonly callbacks: CompareCallbacks
  ) {
    this.pair = frame.sources.find(source => source.difference.rows.length > 0) ?? frame.sources[0] ?? null;
    this.draw();
    if (!this.pair && frame.n_sources > 1) {
      // Of many runs none may be saved: the first two are asked for at once.
      this.pair = { left: 0, right: 1, difference: NOTHING };
      this.draw();
      void this.compare({ left: 0, right: 1 });
    }
  }

  private draw(): void {
    const pair = this.pair;
    this.node.hidden = pair === null;
    if (pair === null) {
      return;
    }
    const split = h(
      'button',
      { type: 'button', class: 'jt-link', 'aria-pressed': String(this.view === 'split'), onclick: () => this.toggleView(split) },
      'side by side'
    );
    replace(
      this.node,
      h(
        'div',
        { class: 'jt-toolbar' },
        h('b', { class: 'jt-label' }, 'source'),
        this.choice('from', pair.left, left => ({ left, right: this.pair!.right })),
        '→',
        this.choice('to', pair.right, right => ({ left: this.pair!.left, right })),
        split
      ),
      this.fault,
      this.body
    );
    this.drawDifference();
  }

  private choice(name: string, chosen: number, asked: (index: number) => { left: number; right: number }): HTMLElement {
    const select: HTMLSelectElement = h(
      'select',
      { 'aria-label': `source ${name} run`, onchange: () => void this.compare(asked(Number(select.value))) },
      this.frame.runs.map((run, index) => h('option', { value: index }, `${run.letter}  ${shorten(run.run_name, 30)}`))
    );
    select.value = String(chosen);
    return select;
  }

  private async compare(asked: { left: number; right: number }): Promise<void> {
    const known = this.frame.sources.find(source => source.left === asked.left && source.right === asked.right);
    // Of many runs only how much differs was saved, and not the lines.
    const isWhole = known && !known.difference.n_hidden;
    const before = this.pair;
    // The choice counts at once, so that the next one starts from it.
    this.pair = isWhole ? known : { ...asked, difference: NOTHING };
    const wanted = this.pair;
    try {
      const found = isWhole ? known : await this.callbacks.difference(asked);
      if (this.pair === wanted) {
        this.pair = found;
        replace(this.fault);
        this.drawDifference();
      }
    } catch (error) {
      if (this.pair === wanted) {
        this.pair = before;
        this.draw();
        replace(this.fault, faultMark(asFault(error)));
      }
    }
  }

  private toggleView(button: HTMLElement): void {
    this.view = this.view === 'split' ? 'unified' : 'split';
    button.setAttribute('aria-pressed', String(this.view === 'split'));
    this.drawDifference();
  }

  private drawDifference(): void {
    if (this.pair) {
      replace(this.body, differenceBlock(this.pair.difference, this.view));
    }
  }
}
