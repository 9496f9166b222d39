// Below the plot: what the colours mean, which axes there are, and one run at a time, to be looked at by keyboard too.

import { h, replace } from '../dom';
import { formatEnds, shorten } from '../format';
import type { Shading } from './colours';
import type { ParallelAxis } from './frame';
import { valueText } from './scale';

export interface FootActions {
  colour(id: string): void;
  show(id: string, isShown: boolean): void;
  sort(): void;
  /** Look at the next run, better or worse. */
  step(by: number): void;
  open(): void;
}

export interface FootState {
  axes: ParallelAxis[];
  shown: ReadonlySet<string>;
  colour: ParallelAxis | null;
  shading: Shading;
}

export class Foot {
  readonly node: HTMLElement;
  readonly choices: HTMLElement;
  private readonly select: HTMLSelectElement;
  private readonly legend = h('span', { class: 'jt-legend' });
  private readonly axesButton: HTMLButtonElement;
  private readonly run: HTMLButtonElement;
  private readonly steppers: HTMLButtonElement[];

  constructor(private readonly actions: FootActions) {
    this.select = h('select', { 'aria-label': 'colour lines by', onchange: () => actions.colour(this.select.value) });
    this.choices = h('div', { class: 'jt-axis-choices', role: 'group', 'aria-label': 'axes', hidden: true });
    this.choices.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.toggleChoices();
        this.axesButton.focus();
        event.stopPropagation();
      }
    });
    this.axesButton = h('button', { class: 'jt-link', type: 'button', 'aria-expanded': 'false', onclick: () => this.toggleChoices() });
    this.run = h('button', { class: 'jt-link jt-one-run', type: 'button', onclick: () => actions.open() });
    this.steppers = (
      [
        ['‹', 'the run before, a worse one', 1],
        ['›', 'the next run, a better one', -1]
      ] as const
    ).map(([sign, name, by]) =>
      h('button', { class: 'jt-step', type: 'button', 'aria-label': name, title: name, onclick: () => actions.step(by) }, sign)
    );
    this.node = h(
      'div',
      { class: 'jt-foot' },
      h('label', {}, 'colour ', this.select),
      this.legend,
      this.axesButton,
      h('span', { class: 'jt-end' }, this.steppers[0]!, this.run, this.steppers[1]!)
    );
  }

  update(state: FootState): void {
    const { axes, shown, colour } = state;
    replace(
      this.select,
      axes.map(axis => h('option', { value: axis.id, selected: axis.id === colour?.id }, shorten(axis.key, 40)))
    );
    this.select.disabled = axes.length === 0;
    replace(this.axesButton, shown.size === axes.length ? `${axes.length} ${axes.length === 1 ? 'axis' : 'axes'}` : `${shown.size} of ${axes.length} axes`);
    replace(
      this.choices,
      axes.map(axis =>
        h(
          'label',
          {},
          h('input', {
            type: 'checkbox',
            checked: shown.has(axis.id),
            onchange: (event: Event) => this.actions.show(axis.id, (event.target as HTMLInputElement).checked)
          }),
          ` ${axis.key}`
        )
      ),
      h('button', { class: 'jt-link', type: 'button', onclick: () => this.actions.sort() }, 'order by importance')
    );
    replace(this.legend, legend(state));
  }

  /** Name a run and why it is named; null where there is none. */
  name(text: { why: string; name: string; value: string; isBest: boolean } | null): void {
    this.run.hidden = text === null;
    this.steppers.forEach(button => (button.hidden = text === null));
    if (text) {
      this.run.title = `open ${text.name}`;
      replace(this.run, h('span', { class: 'jt-muted' }, text.why), ' ', h('span', { class: 'jt-run-name' }, text.name), ' ', h('b', { class: text.isBest ? 'jt-num jt-best' : 'jt-num' }, text.value));
    }
  }

  private toggleChoices(): void {
    this.choices.hidden = !this.choices.hidden;
    this.axesButton.setAttribute('aria-expanded', String(!this.choices.hidden));
    if (!this.choices.hidden) {
      this.choices.querySelector('input')?.focus();
    }
  }
}

function legend({ colour, shading }: FootState): Node[] {
  // Nothing to tell by shades: one value for all, or none that is a finite number.
  if (!colour || (shading.ends && !(Math.abs(shading.ends[0] - shading.ends[1]) > 0))) {
    return [];
  }
  if (!shading.ends) {
    return colour.categories.map((label, code) => {
      const swatch = h('i', { class: 'jt-swatch', 'aria-hidden': 'true' });
      swatch.style.background = shading.shades[code]!;
      return h('span', { class: 'jt-swatched' }, swatch, shorten(label, 20));
    });
  }
  const ramp = h('i', { class: 'jt-ramp', 'aria-hidden': 'true' });
  const isRising = shading.ends[0] <= shading.ends[1];
  const shades = shading.shades.filter((_, i) => i % 4 === 0 || i === shading.shades.length - 1);
  ramp.style.background = `linear-gradient(to right, ${(isRising ? shades : shades.reverse()).join(', ')})`;
  const [low, high] = isRising ? shading.ends : [shading.ends[1], shading.ends[0]];
  const [least, most] = colour.kind === 'categorical' ? [low, high] : [colour.low ?? low, colour.high ?? high];
  // Compared as text: columns of 32 bits are off by less than one sees.
  const below = valueText(colour, least) === valueText(colour, low) ? '' : '≤ ';
  const above = valueText(colour, most) === valueText(colour, high) ? '' : '≥ ';
  const ends = colour.kind === 'categorical' ? [valueText(colour, low), valueText(colour, high)] : formatEnds(low, high);
  return [
    h('span', { class: 'jt-num' }, below + ends[0]),
    ramp,
    h('span', { class: 'jt-num' }, above + ends[1])
  ];
}
