// The side panel as a widget: head, list, and a foot with what can be done. It draws what the model says.

import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { h, replace } from '../../panels/dom';
import { faultMark } from '../../panels/marks';
import type { ListedRun, Place } from '../../server/api';
import type { RunServices } from '../services';
import { SideHead } from './head';
import { RunsList } from './list';
import { SideModel } from './model';

export interface SideActions {
  open(run: ListedRun, place: Place): void;
  compare(run_ids: string[], place: Place): void;
  parallel(run_ids: string[], place: Place): void;
  table(model: SideModel): void;
  goToCell(run: ListedRun, place: Place): void;
}

const KEYS: [keys: string, does: string][] = [
  ['↑ ↓', 'walk'],
  ['Enter', 'open the run'],
  ['Space', 'select'],
  ['Shift ↑ ↓', 'select several'],
  ['Ctrl A', 'select all'],
  ['C', 'go to its cell'],
  ['Esc', 'select none, or empty the filter'],
  ['Alt Shift J', 'come here from anywhere'],
  ['Alt Shift R', "in a notebook: the active cell's runs"],
  ['Alt Shift T', 'in a notebook: track the active cell']
];

export class SidePanel extends Widget {
  readonly model: SideModel;
  readonly list: RunsList;
  private readonly head: SideHead;
  private readonly message = h('div', { class: 'jt-side-message' });
  private readonly actionsNode = h('span', { class: 'jt-side-actions' });
  private readonly keys = h('table', { class: 'jt-side-keys', hidden: true }, KEYS.map(([keys, does]) => h('tr', {}, h('th', { scope: 'row' }, keys), h('td', {}, does))));
  private readonly keysButton = h(
    'button',
    { type: 'button', class: 'jt-link', 'aria-label': 'keys', title: 'keys', 'aria-expanded': 'false', onclick: () => this.toggleKeys() },
    '?'
  );

  constructor(
    services: RunServices,
    private readonly actions: SideActions
  ) {
    super();
    this.model = new SideModel(services);
    this.list = new RunsList(this.model, {
      open: run => this.open(run),
      goToCell: run => actions.goToCell(run, this.model.place)
    });
    this.head = new SideHead(this.model, () => this.list.focus());
    this.addClass('jtrack-side');
    const foot = h('div', { class: 'jt-foot' }, this.keys, h('div', { class: 'jt-side-line' }, this.actionsNode, h('span', { class: 'jt-end' }, this.keysButton)));
    const node = h('div', { class: 'jtrack jt-interactive jt-side' }, this.head.node, this.message, this.list.node, foot);
    this.node.append(node);
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'jtrack runs');
    this.model.onChange(() => this.draw());
    this.draw();
  }

  override dispose(): void {
    this.model.look(false);
    this.list.dispose();
    super.dispose();
  }

  /** The runs that an action is about: those selected, else the one where the focus is. */
  get chosen(): string[] {
    const active = this.list.activeRun;
    return this.model.selected.size > 0 ? [...this.model.selected] : active ? [active.run_id] : [];
  }

  compareChosen(): void {
    this.actions.compare(this.chosen, this.model.place);
  }

  open(run: ListedRun): void {
    this.actions.open(run, this.model.place);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.look(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.look(false);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.model.look(true);
    }
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.model.runs.length > 0) {
      this.list.focus();
    } else {
      this.head.focus();
    }
  }

  private draw(): void {
    const { model } = this;
    this.head.update();
    this.list.update();
    const isBare = model.fault ? !model.isOutOfDate : model.runs.length === 0 && !model.isLoading;
    this.list.node.hidden = isBare;
    this.list.node.setAttribute('aria-busy', String(model.isLoading));
    this.message.hidden = !isBare && !model.fault && !(model.isLoading && model.runs.length === 0);
    this.message.classList.toggle('jt-side-note', model.isOutOfDate);
    replace(this.message, this.messageText());
    replace(this.actionsNode, this.drawActions());
  }

  private messageText(): Node | null {
    const { model } = this;
    if (model.fault) {
      const { message, hint } = model.fault;
      const again = h('button', { type: 'button', class: 'jt-link', onclick: () => model.retry() }, 'try again');
      return h('div', {}, faultMark({ message, hint: null, position: null }), hint && h('p', { class: 'jt-muted' }, /^jupyter /.test(hint) ? h('code', {}, hint) : hint), again);
    }
    return model.isLoading || model.runs.length > 0 ? null : emptyText(model);
  }

  private drawActions(): Node[] {
    const { model } = this;
    const n = model.selected.size;
    if (n === 0) {
      return [action('open as table', () => this.actions.table(model), model.fault === null)];
    }
    const ids = [...model.selected];
    return [
      h('span', {}, `${n} selected`, ' ', h('button', { type: 'button', class: 'jt-link', title: 'select none', 'aria-label': 'select none', onclick: () => model.select([]) }, '✕')),
      action('compare', () => this.compareChosen(), n > 1),
      action('parallel', () => this.actions.parallel(ids, model.place), n > 1)
    ];
  }

  private toggleKeys(): void {
    this.keys.hidden = !this.keys.hidden;
    this.keysButton.setAttribute('aria-expanded', String(!this.keys.hidden));
  }
}

function action(text: string, onclick: () => void, isEnabled = true): HTMLElement {
  return h('button', { type: 'button', class: 'jt-link', disabled: !isEnabled, onclick }, text);
}

function emptyText(model: SideModel): HTMLElement {
  if (model.filter) {
    return h('div', { role: 'status' }, 'No run fits this filter.');
  }
  const whose = { notebook: 'this notebook', folder: 'this folder', all: 'this store' }[model.shownScope];
  return h(
    'div',
    { role: 'status' },
    h('p', {}, `No runs of ${whose} yet.`),
    h('p', {}, 'A cell becomes a run with ', h('code', {}, '%%track'), ' atop, once ', h('code', {}, '%load_ext jtrack'), ' was run.'),
    model.storePath && h('p', {}, 'Looked for in ', h('code', {}, model.storePath), '.')
  );
}
