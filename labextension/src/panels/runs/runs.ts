// The runs table: a head with the filter, a table of which only the rows in view exist, a foot for what is the same in
// every run and for the chosen ones. Everything that changes what is shown is a question to whoever holds the runs.

import { h, replace } from '../dom';
import { type Fault, type Rendered, asFault } from '../frames';
import { plural, shorten, withThousands } from '../format';
import { faultMark } from '../marks';
import { type MenuItem, openMenu } from '../menu';
import { keepTimes } from '../times';
import { Choice } from './choice';
import { ColumnChoices } from './columns';
import { download } from './download';
import { FilterBox } from './filter';
import { Foot } from './foot';
import { type Changed, type Row, type RunRow, type RunsCallbacks, type RunsFrame, type Search, isRun, lineId } from './frame';
import { RunsGrid } from './grid';

const PATIENCE_MS = 400;

export interface RunsRendered extends Rendered<RunsFrame> {
  /** Show these runs alone; all again where null. */
  among(run_ids: string[] | null): void;
}

export function renderRuns(element: HTMLElement, frame: RunsFrame, callbacks: RunsCallbacks): RunsRendered {
  const panel = new RunsPanel(callbacks);
  element.append(panel.node);
  panel.update(frame);
  return panel;
}

class RunsPanel implements RunsRendered {
  readonly node: HTMLElement;
  private frame!: RunsFrame;
  private readonly title = h('b', { class: 'jt-name' });
  private readonly count = h('span', { role: 'status' });
  private readonly all = h('button', { class: 'jt-link', type: 'button', onclick: () => this.among(null) }, 'all runs');
  private readonly groups = h('select', { 'aria-label': 'group runs', onchange: () => void this.search({ group_by: this.groups.value || null }) });
  private readonly menuButton = h('button', { class: 'jt-link', type: 'button', 'aria-expanded': 'false', onclick: () => void this.toggleMenu() }, 'columns');
  private readonly files = ['csv', 'parquet'].map(suffix =>
    h('button', { class: 'jt-link', type: 'button', title: `download all runs that fit as ${suffix}`, onclick: () => void this.download(suffix) }, suffix)
  );
  private readonly notes = h('div');
  private readonly empty = h('div', { class: 'jt-empty' });
  private readonly filter: FilterBox;
  private readonly menu = new ColumnChoices(change => void this.search(change));
  private readonly choice = new Choice(run_ids => this.onChoice(run_ids));
  private readonly foot: Foot;
  private readonly grid: RunsGrid;
  private readonly leaveTimes: () => void;
  /** Counts the questions, so that the answer to an older one can't replace a newer one's. */
  private turn = 0;

  constructor(private readonly callbacks: RunsCallbacks) {
    this.filter = new FilterBox({
      complete: asked => callbacks.complete(asked),
      search: filter_string => void this.search({ filter_string }),
      escape: () => this.drawNotes(null)
    });
    this.grid = new RunsGrid(
      {
        rows: asked => callbacks.rows(asked),
        search: change => void this.search(change),
        menu: (anchor, label, items) => openMenu(this.node, anchor, label, items),
        choose: (index, row, isChosen, isRange) => void this.choose(index, row, isChosen, isRange),
        chooseAll: isChosen => void this.chooseWhole(null, isChosen),
        fold: (row, is_open) => void this.ask(() => callbacks.fold({ line: lineId(row), is_open })),
        only: (row, column) => void this.only(row, column),
        open: row => this.open(row),
        more: (row, anchor) => openMenu(this.node, anchor, row.run_name, this.rowItems(row)),
        failed: error => this.showFault(asFault(error), '')
      },
      this.choice
    );
    this.leaveTimes = keepTimes(this.grid.node);
    this.foot = new Foot(this.choice, {
      compare: runs => this.show('compare', { runs }, runs, '%compare'),
      parallel: runs => this.show('parallel', { parent_or_runs: runs }, runs, '%parallel'),
      tag: async (run_ids, key, value) => (await this.change(() => callbacks.tag({ run_ids, key, value }), `tagged ${key}`)) !== null,
      delete: run_ids => void this.delete(run_ids),
      restore: run_ids => void this.change(() => callbacks.restore({ run_ids }), 'taken back'),
      register: (run_id, name) => this.register(run_id, name),
      changed: () => this.settle()
    });
    this.node = h(
      'div',
      { class: 'jtrack jt-runs jt-interactive', role: 'group', 'aria-label': 'runs' },
      h('div', { class: 'jt-head' }, this.title, this.count, this.all, this.filter.node, h('span', { class: 'jt-end' }, this.groups, this.menuButton, this.files)),
      this.notes,
      this.menu.node,
      this.grid.node,
      this.empty,
      this.foot.node
    );
  }

  update(frame: RunsFrame): void {
    this.frame = frame;
    replace(this.title, shorten(frame.title, 60));
    this.showCount();
    this.all.hidden = !frame.is_chosen;
    this.filter.update(frame);
    this.drawGroups();
    this.grid.update(frame);
    this.drawEmpty();
    this.menu.update(frame);
    this.menuButton.hidden = frame.n_columns === 0;
    this.files.forEach(button => (button.hidden = frame.n_runs === 0));
    this.foot.update(frame);
    this.drawNotes(null);
  }

  among(run_ids: string[] | null): void {
    this.choice.forgetWholes();
    void this.ask(() => this.callbacks.among({ run_ids }));
  }

  dispose(): void {
    this.turn++;
    this.leaveTimes();
    this.filter.dispose();
    this.grid.dispose();
    this.node.remove();
  }

  private search(change: Partial<Search>): Promise<boolean> {
    const { filter_string, order_by, columns, pinned, spark, group_by } = this.frame.query;
    const asked = { filter_string, order_by, columns, pinned, spark, group_by, ...change };
    return this.ask(() => this.callbacks.search(asked), asked.filter_string);
  }

  /** Put a question whose answer is the table as it is then; gives whether it came. */
  private async ask(question: () => Promise<RunsFrame>, text = ''): Promise<boolean> {
    const turn = ++this.turn;
    const calm = this.showWaiting();
    try {
      const frame = await question();
      if (turn === this.turn) {
        this.update(frame);
      }
      return true;
    } catch (error) {
      if (turn === this.turn) {
        this.showFault(asFault(error), text);
      }
      return false;
    } finally {
      calm();
    }
  }

  /** Tells that an answer is awaited, but only when it takes so long that one would wonder. */
  private showWaiting(): () => void {
    const dim = setTimeout(() => this.grid.node.classList.add('jt-waiting'), PATIENCE_MS);
    this.grid.node.setAttribute('aria-busy', 'true');
    return () => {
      clearTimeout(dim);
      this.grid.node.classList.remove('jt-waiting');
      this.grid.node.removeAttribute('aria-busy');
    };
  }

  private showFault(fault: Fault, text: string): void {
    this.drawNotes(fault);
    this.filter.showFault(fault, text);
  }

  /** What stands between the head and the rows: a fault, or what the filter asks for and no run has. */
  private drawNotes(fault: Fault | null): void {
    const unknown = this.frame.n_total ? this.frame.unknown : [];
    const notes = unknown.map(({ name, near, fixed }) => {
      const mend = (): void => void this.search({ filter_string: fixed! });
      const first = fixed !== null && h('button', { type: 'button', class: 'jt-link', onclick: mend }, h('code', {}, near[0]!));
      return h('div', { class: 'jt-fault', role: 'status' }, 'No run has ', h('code', {}, name), first ? '. Did you mean ' : near.length ? `; near is ${near.join(', ')}.` : '.', first, first && '?');
    });
    replace(this.notes, fault ? faultMark(fault) : notes);
    this.settle();
  }

  private showCount(): void {
    const { n_runs, n_total } = this.frame;
    const text = n_runs === n_total ? plural(n_total, 'run') : `${withThousands(String(n_runs))} of ${plural(n_total, 'run')}`;
    replace(this.count, text);
  }

  private drawEmpty(): void {
    const { n_total, n_runs } = this.frame;
    const clear = h('button', { type: 'button', class: 'jt-link', onclick: () => void this.search({ filter_string: '' }) }, 'Clear the filter');
    replace(
      this.empty,
      n_total
        ? [`No run fits this filter; there are ${plural(n_total, 'run')}. `, clear, ' to see all.']
        : ['No runs yet. Put ', h('code', {}, '%%track'), ' in front of a cell that trains, and run it.']
    );
    this.empty.hidden = n_runs > 0;
  }

  private drawGroups(): void {
    const { columns, query } = this.frame;
    const params = columns.filter(({ kind }) => kind === 'params').map(({ id, key }) => [id, key] as const);
    const other = query.group_by;
    if (other !== null && other !== 'parent' && !params.some(([id]) => id === other)) {
      params.push([other, other.replace(/^params\./, '')]);
    }
    const option = (value: string, text: string): HTMLElement => h('option', { value }, text);
    replace(this.groups, option('', 'not grouped'), option('parent', 'by parent run'), params.map(([id, key]) => option(id, `by ${shorten(key, 40)}`)));
    this.groups.value = query.group_by ?? '';
    this.groups.hidden = this.frame.n_total === 0;
  }

  /** Hold the height that the table had before notes, menu and foot took some of it. */
  private settle(): void {
    this.grid.yield(0);
    if (this.frame.n_lines > 0) {
      const [notes, menu] = [this.notes, this.menu.node].map(node => node.getBoundingClientRect().height);
      this.grid.yield(notes! + menu! + this.foot.extra);
    }
  }

  private async toggleMenu(): Promise<void> {
    const isOpening = this.menu.node.hidden;
    const all = isOpening ? await this.answer(() => this.callbacks.columns()) : null;
    if (all) {
      this.menu.open(all);
    } else {
      this.menu.node.hidden = true;
    }
    this.settle();
    this.menuButton.setAttribute('aria-expanded', String(!this.menu.node.hidden));
  }

  private onChoice(run_ids: string[]): void {
    this.grid.drawChoice();
    this.foot.draw();
    this.callbacks.select(run_ids);
  }

  private async choose(index: number, row: Row, isChosen: boolean, isRange: boolean): Promise<void> {
    if (!isRun(row)) {
      return this.chooseWhole(row.group, isChosen);
    }
    const { anchor } = this.choice;
    this.choice.anchor = row.run_id;
    this.choice.set(isRange && anchor !== null ? await this.range(anchor, row, index) : [row.run_id], isChosen);
  }

  /** Choose the runs of a group, or of the table where null, or let them go; others stay as they are. */
  private async chooseWhole(line: string | null, isChosen: boolean): Promise<void> {
    const turn = this.turn;
    const run_ids = await this.answer(() => this.callbacks.ids({ line }));
    // Where the table is another by now, they are not the whole of it.
    this.choice.set(run_ids ?? [], isChosen, run_ids && turn === this.turn ? line : undefined);
  }

  /** The runs from one to another; where not all of their rows were read, and nothing is grouped, as the table has them. */
  private async range(anchor: string, row: RunRow, index: number): Promise<string[]> {
    const { run_ids, isWhole } = this.grid.between(anchor, index);
    if (isWhole || this.frame.query.group_by !== null) {
      return run_ids;
    }
    const all = (await this.answer(() => this.callbacks.ids({ line: null }))) ?? [];
    const [first, last] = [all.indexOf(anchor), all.indexOf(row.run_id)].sort((a, b) => a - b);
    return first! < 0 ? [row.run_id] : all.slice(first, last! + 1);
  }

  private async only(row: Row, column: string): Promise<void> {
    const { filter_string } = this.frame.query;
    const narrowed = await this.answer(() => this.callbacks.narrow({ filter_string, line: lineId(row), column }));
    if (narrowed !== null && narrowed !== filter_string) {
      await this.search({ filter_string: narrowed });
    }
  }

  private rowItems(row: RunRow): MenuItem[] {
    const run_ids = [row.run_id];
    return [
      { label: 'open', act: () => this.open(row) },
      { label: 'go to its cell', act: () => this.goToCell(row) },
      { label: 'tag …', act: () => this.foot.askTag(run_ids) },
      { label: 'register its model …', act: () => void this.askName(row) },
      { label: 'copy its id', act: () => void navigator.clipboard?.writeText(row.run_id).then(() => this.foot.tell(`copied ${row.run_id}`)) },
      { label: 'delete', act: () => void this.delete(run_ids) }
    ];
  }

  private open(row: RunRow): void {
    if (!this.callbacks.open(row)) {
      this.foot.tell(`Runs open in JupyterLab with jtrack's extension. In a cell: jtrack.get_run("${row.run_id.slice(0, 12)}")`);
    }
  }

  private goToCell(row: RunRow): void {
    if (!this.callbacks.goToCell(row)) {
      this.foot.tell("Notebooks open from here in JupyterLab with jtrack's extension.");
    }
  }

  private show(panel: string, params: Record<string, unknown>, run_ids: string[], magic: string): void {
    if (!this.callbacks.show(panel, params, `${panel} ${plural(run_ids.length, 'run')}`)) {
      const some = run_ids.slice(0, 4).map(run_id => run_id.slice(0, 12));
      this.foot.tell(`Panels open in JupyterLab with jtrack's extension. In a cell: ${magic} ${some.join(' ')}${run_ids.length > 4 ? ' …' : ''}`);
    }
  }

  private async askName(row: RunRow): Promise<void> {
    const names = await this.answer(() => this.callbacks.names());
    if (names !== null) {
      this.foot.askName(row.run_id, row.run_name, names);
    }
  }

  private async register(run_id: string, name: string): Promise<boolean> {
    const version = await this.answer(() => this.callbacks.register({ run_id, name }));
    if (version !== null) {
      this.foot.tell(`registered as ${version}`);
    }
    return version !== null;
  }

  private async delete(run_ids: string[]): Promise<void> {
    const gone = await this.change(() => this.callbacks.delete({ run_ids }), 'deleted');
    if (gone) {
      this.choice.set(gone, false);
      this.foot.tell(`deleted ${plural(gone.length, 'run')}`, () => void this.change(() => this.callbacks.restore({ run_ids: gone }), 'taken back'));
    }
  }

  /** Change runs, show the table after it, and say so; gives the runs that were changed. */
  private async change(act: () => Promise<Changed>, said: string): Promise<string[] | null> {
    const changed = await this.answer(act);
    if (changed) {
      this.turn++;
      this.update(changed.frame);
      this.foot.tell(`${said}: ${plural(changed.run_ids.length, 'run')}`);
    }
    return changed?.run_ids ?? null;
  }

  /** Put a question beside the table; a fault is told in the foot. */
  private async answer<T>(question: () => Promise<T>): Promise<T | null> {
    try {
      return await question();
    } catch (error) {
      this.foot.tell(asFault(error));
      return null;
    }
  }

  private async download(suffix: string): Promise<void> {
    const tell = (share: number): void => this.foot.tell(share < 1 ? `${suffix}: ${Math.floor(share * 100)} %` : `${suffix}: all ${plural(this.frame.n_runs, 'run')} that fit`);
    await this.answer(() => download(suffix, this.callbacks.file, tell));
  }
}
