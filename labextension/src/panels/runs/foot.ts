// The foot of the table: what is the same in every run; while runs are chosen, what can be done with them; and what
// became of that. Deleting asks nothing, since it can be undone.

import { h, replace } from '../dom';
import { askForm, field, nameForm } from '../form';
import { type Fault } from '../frames';
import { plural, shorten } from '../format';
import type { Choice } from './choice';
import type { RunsFrame } from './frame';

const MOST_CONSTANTS = 8;
/** As many as a comparison takes (jtrack/widgets/compare/frame.py). */
const MOST_COMPARED = 100;

export interface FootActions {
  compare(run_ids: string[]): void;
  parallel(run_ids: string[]): void;
  tag(run_ids: string[], key: string, value: string): Promise<boolean>;
  delete(run_ids: string[]): void;
  restore(run_ids: string[]): void;
  register(run_id: string, name: string): Promise<boolean>;
  /** The foot has another height now. */
  changed(): void;
}

export class Foot {
  readonly node = h('div', { class: 'jt-foot' });
  private readonly lines = h('div', { class: 'jt-foot-line' });
  private readonly said = h('div', { class: 'jt-said', role: 'status' });
  private frame!: RunsFrame;
  private form: HTMLElement | null = null;

  constructor(
    private readonly choice: Choice,
    private readonly actions: FootActions
  ) {
    this.node.append(this.lines, this.said);
  }

  update(frame: RunsFrame): void {
    this.frame = frame;
    this.draw();
  }

  draw(): void {
    const run_ids = this.choice.run_ids;
    replace(this.lines, this.form ?? (run_ids.length ? this.chosen(run_ids) : this.constants()));
    const isEmpty = !this.form && !run_ids.length && this.frame.constants.length === 0 && !this.said.hasChildNodes();
    if (this.node.hidden !== isEmpty) {
      this.node.hidden = isEmpty;
      this.actions.changed();
    }
  }

  /** What it takes of the height beyond what it always did: where there are constants, a line of it was there before. */
  get extra(): number {
    return this.frame.constants.length > 0 ? 0 : this.node.getBoundingClientRect().height;
  }

  /** Say what became of something; a fault in its own colour, with what undoes it. */
  tell(said: string | Fault | null, undo?: () => void): void {
    const text = said === null || typeof said === 'string' ? said : [said.message, said.hint].filter(Boolean).join(' ');
    const button = undo && h('button', { class: 'jt-link', type: 'button', onclick: undo }, 'undo');
    replace(this.said, text && [h('span', { class: typeof said === 'string' ? 'jt-muted' : 'jt-bad' }, text), ' ', button ?? null]);
    this.draw();
  }

  /** Ask for a tag for runs. */
  askTag(run_ids: string[]): void {
    const key = field('tag', 'tag', 'stage');
    const value = field('value', 'value', 'candidate');
    this.show(
      askForm(`tag ${plural(run_ids.length, 'run')}`, [key, value], 'set tag', isMeant => {
        const name = isMeant && key.value.trim();
        return this.closeAfter(name ? this.actions.tag(run_ids, name, value.value) : null);
      })
    );
  }

  /** Ask under which name the model of a run is to be registered. */
  askName(run_id: string, run_name: string, names: string[]): void {
    this.show(
      nameForm(`register the model of ${shorten(run_name, 40)} as`, names, name =>
        this.closeAfter(name === null ? null : this.actions.register(run_id, name))
      )
    );
  }

  private show(form: HTMLElement): void {
    this.form = form;
    this.tell(null);
    form.querySelector('input')!.focus({ preventScroll: true });
  }

  /** Take the form away once what it asked for is done; what was refused can be mended in it. */
  private async closeAfter(done: Promise<boolean> | null): Promise<void> {
    const form = this.form!;
    if (done === null) {
      this.tell(null);
    } else if (!(await done)) {
      form.querySelector('input')!.focus({ preventScroll: true });
      return;
    }
    if (this.form === form) {
      this.form = null;
      this.draw();
    }
  }

  private chosen(run_ids: string[]): HTMLElement {
    const { actions } = this;
    const button = (text: string, title: string, act: () => void, isPossible = true): HTMLElement =>
      h('button', { class: 'jt-link', type: 'button', title, disabled: !isPossible, onclick: act }, text);
    const n = run_ids.length;
    const few = n >= 2 && n <= MOST_COMPARED;
    return h(
      'div',
      { class: 'jt-chosen-line', role: 'group', 'aria-label': 'chosen runs' },
      h('span', {}, `${plural(n, 'run')} chosen`),
      button('compare', few ? 'side by side' : `2 to ${MOST_COMPARED} runs can be compared`, () => actions.compare(run_ids), few),
      button('parallel', 'as lines over params and metrics', () => actions.parallel(run_ids), n >= 2),
      button('tag', 'set a tag of all of them', () => this.askTag(run_ids)),
      button('delete', 'can be undone', () => actions.delete(run_ids)),
      button('clear', 'choose none', () => this.choice.clear())
    );
  }

  private constants(): HTMLElement | null {
    const { constants, n_constants } = this.frame;
    const texts = constants.map(constant => `${shorten(constant.key, 32)} ${constant.text}`);
    const rest = n_constants - Math.min(texts.length, MOST_CONSTANTS);
    const line = [...texts.slice(0, MOST_CONSTANTS), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
    return texts.length ? h('span', { title: rest > 0 ? [...texts, n_constants > texts.length && '…'].filter(Boolean).join('\n') : null }, `same in all: ${line}`) : null;
  }
}
