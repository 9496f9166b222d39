// What the side panel shows: which runs are asked for, those that came, what is selected. It reads again when something
// is logged, when one goes to another notebook, and when asked for something else; a later answer beats an earlier one.

import type { IDisposable } from '@lumino/disposable';

import { type Direction, type Fault, asFault } from '../../panels/frames';
import type { ListedRun, Place, RunsPage, Scope } from '../../server/api';
import { ApiFault } from '../../server/api';
import { paced } from '../../server/changes';
import type { RunServices } from '../services';
import { Sparks } from './sparks';

const PAGE_SIZE = 50;
/** As many as the server gives at once; a longer list is read in the table. */
export const MOST_RUNS = 500;
const PAUSE_MS = 300;
/** A trial is shown by its sweep, unless one searches. */
export const NOT_INSIDE = 'attributes.parent_run_id IS NULL';

export interface CellOfInterest {
  notebook_path: string;
  cell_id: string;
  label: string;
}

export interface Sort {
  /** A metric; null for the newest first. */
  key: string | null;
  isDescending: boolean;
}

export const NEWEST: Sort = { key: null, isDescending: true };

export class SideModel {
  scope: Scope = 'notebook';
  filter = '';
  sort = NEWEST;
  cell: CellOfInterest | null = null;
  runs: ListedRun[] = [];
  n_runs = 0;
  /** Where the runs were looked for: a kernel may have turned to another store. */
  storePath = '';
  /** Which way each metric that was seen is better. */
  readonly directions = new Map<string, Direction | null>();
  /** Keys of metrics that the list can be sorted by. */
  metricKeys: string[] = [];
  /** Why there is no list, or none that is up to date. */
  fault: Fault | null = null;
  /** What is wrong with the filter that was typed; the list goes on with the one before it. */
  filterFault: (Fault & { text: string }) | null = null;
  /** Whether nothing was read yet of what is asked for. */
  isLoading = true;
  readonly selected = new Set<string>();
  readonly sparks: Sparks;
  private goodFilter = '';
  /** What was asked for the runs that are here. */
  private answered = '';
  private isUnreachable = false;
  private limit = PAGE_SIZE;
  private turn = 0;
  private shownPlace = '';
  private watching: IDisposable | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly refresh = paced(() => this.read(), PAUSE_MS);

  constructor(private readonly services: RunServices) {
    this.sparks = new Sparks(services.api, () => this.tell());
    services.places.onMove(() => this.move());
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Whether the runs that are here are what is asked for, as it was before the server stopped answering. */
  get isOutOfDate(): boolean {
    return this.fault !== null && this.isUnreachable && this.runs.length > 0 && this.answered === this.asked();
  }

  /** The notebook that is meant by "this notebook". */
  get notebookPath(): string | null {
    return this.cell?.notebook_path ?? this.services.places.notebookPath;
  }

  get folder(): string {
    return this.services.places.folder;
  }

  get place(): Place {
    const path = this.notebookPath;
    return path === null ? { store: this.folder } : { notebook_path: path };
  }

  /** What is shown where "this notebook" is wished for and none is open. */
  get shownScope(): Scope {
    return this.scope === 'notebook' && this.notebookPath === null ? 'folder' : this.scope;
  }

  /** Follow the store as long as somebody looks. */
  look(isLooking: boolean): void {
    const place = JSON.stringify(this.place);
    this.isLoading ||= place !== this.shownPlace;
    this.shownPlace = place;
    this.watching?.dispose();
    this.watching = isLooking ? this.services.changes.watch(this.place, this.refresh) : null;
    if (isLooking) {
      this.refresh();
    }
  }

  /** Ask for other runs. */
  change(wish: { scope?: Scope; filter?: string; sort?: Sort; cell?: CellOfInterest | null }): void {
    Object.assign(this, wish);
    this.filterFault = null;
    this.limit = PAGE_SIZE;
    this.selected.clear();
    this.isLoading = true;
    this.turn++;
    if (JSON.stringify(this.place) !== this.shownPlace) {
      this.look(this.watching !== null);
    }
    void this.read();
  }

  /** Read again what is asked for, after a fault. */
  retry(): void {
    void this.read();
  }

  showMore(): void {
    if (!this.isLoading && this.runs.length < Math.min(this.n_runs, MOST_RUNS) && this.limit <= this.runs.length) {
      this.limit = Math.min(this.limit + PAGE_SIZE, MOST_RUNS);
      void this.read();
    }
  }

  select(run_ids: Iterable<string>): void {
    this.selected.clear();
    for (const run_id of run_ids) {
      this.selected.add(run_id);
    }
    this.tell();
  }

  private move(): void {
    if (this.watching && this.cell === null && JSON.stringify(this.place) !== this.shownPlace) {
      this.change({});
    }
  }

  private async read(): Promise<void> {
    const turn = ++this.turn;
    try {
      const page = await this.services.api.get<RunsPage>('runs', this.question());
      if (turn === this.turn) {
        this.take(page);
      }
    } catch (error) {
      if (turn === this.turn) {
        this.takeFault(error);
      }
    }
    if (turn === this.turn) {
      this.isLoading = false;
      this.tell();
    }
  }

  private question(): Record<string, string | number | undefined> {
    return {
      ...this.place,
      scope: this.shownScope,
      filter: this.filter || (this.cell ? '' : NOT_INSIDE),
      order_by: orderOf(this.sort),
      cell_id: this.cell?.cell_id,
      limit: this.limit
    };
  }

  private asked(): string {
    return JSON.stringify({ ...this.question(), limit: null });
  }

  private take(page: RunsPage): void {
    this.answered = this.asked();
    this.runs = page.runs;
    this.n_runs = page.n_runs;
    this.storePath = page.store_path;
    this.fault = null;
    this.goodFilter = this.filter;
    const known = new Set(this.runs.map(run => run.run_id));
    this.selected.forEach(run_id => known.has(run_id) || this.selected.delete(run_id));
    const metrics = this.runs.flatMap(run => run.metrics);
    const keys = new Set(metrics.map(metric => metric.key));
    metrics.forEach(({ key, direction }) => this.directions.set(key, direction));
    this.metricKeys = [...keys, ...(this.sort.key && !keys.has(this.sort.key) ? [this.sort.key] : [])];
    this.sparks.want(this.place, this.runs, this.sort.key);
  }

  private takeFault(error: unknown): void {
    const fault = asFault(error);
    if (error instanceof ApiFault && error.status === 400 && this.filter !== this.goodFilter) {
      this.filterFault = { ...fault, text: this.filter };
      this.filter = this.goodFilter;
    } else {
      this.fault = fault;
      this.isUnreachable = error instanceof ApiFault && error.status === 0;
    }
  }

  private tell(): void {
    this.listeners.forEach(listener => listener());
  }
}

/** An order as the search language names it. */
export function orderOf({ key, isDescending }: Sort): string {
  return `${key === null ? 'attributes.started_at' : metricField(key)} ${isDescending ? 'DESC' : 'ASC'}`;
}

/** A metric as the search language names it. */
export function metricField(key: string): string {
  return /^[A-Za-z_][\w.]*$/.test(key) ? `metrics.${key}` : `metrics.\`${key}\``;
}
