// The spark lines of the runs in the list. The list's own answer has last values only; a runs table that nobody sees gives
// these, for many runs in one question, and for those that changed only.

import { type RunRow, type RunsFrame, isRun } from '../../panels/runs/frame';
import type { Api, ListedRun, Place } from '../../server/api';
import { ServerPanel } from '../../server/serverPanel';
import { metricField } from './model';

/** So many rows come with a table at once. */
const AT_ONCE = 25;
const MOST_KEYS = 4;
const MOST_KEPT = 2000;

interface Wanted {
  run_id: string;
  key: string;
  n_points: number;
}

export class Sparks {
  private readonly lines = new Map<string, number[] | null>();
  private table: ServerPanel | null = null;
  private turn = 0;

  constructor(
    private readonly api: Api,
    private readonly changed: () => void
  ) {}

  line(run: ListedRun, key: string): number[] | null {
    // While a newer line is on its way, the older one stands.
    return this.lines.get(`${run.run_id} ${key}`) ?? null;
  }

  /** Read the lines of these runs that aren't there yet, or have grown. */
  want(place: Place, runs: ListedRun[], sortKey: string | null): void {
    const turn = ++this.turn;
    const missing = runs.flatMap(run => {
      const metric = shownMetric(run, sortKey);
      return metric && !this.lines.has(version({ ...metric, run_id: run.run_id })) ? [{ ...metric, run_id: run.run_id }] : [];
    });
    void this.read(place, missing, turn);
  }

  private async read(place: Place, missing: Wanted[], turn: number): Promise<void> {
    const keys = [...new Set(missing.map(wanted => wanted.key))].slice(0, MOST_KEYS);
    for (const key of keys) {
      const ofKey = missing.filter(wanted => wanted.key === key);
      for (let first = 0; first < ofKey.length && turn === this.turn; first += AT_ONCE) {
        const some = ofKey.slice(first, first + AT_ONCE);
        try {
          this.take(key, some, await this.ask(place, key, some));
          this.changed();
        } catch {
          return; // The list is of use without them.
        }
      }
    }
  }

  private async ask(place: Place, key: string, wanted: Wanted[]): Promise<RunsFrame> {
    const ids = wanted.map(({ run_id }) => `'${run_id}'`).join(', ');
    const question = { filter_string: `attributes.run_id IN (${ids})`, order_by: [], columns: [metricField(key)] };
    if (this.table && JSON.stringify(this.table.place) === JSON.stringify(place)) {
      return this.table.ask('search', question);
    }
    this.table = new ServerPanel(this.api, place, 'runs', question);
    return (await this.table.open()) as RunsFrame;
  }

  private take(key: string, wanted: Wanted[], frame: RunsFrame): void {
    const rows = new Map<string, RunRow>(frame.rows.filter(isRun).map(row => [row.run_id, row]));
    if (this.lines.size > MOST_KEPT) {
      this.lines.clear();
    }
    for (const each of wanted) {
      const line = rows.get(each.run_id)?.spark ?? null;
      this.lines.set(version(each), line);
      this.lines.set(`${each.run_id} ${key}`, line);
    }
  }
}

/** The metric that a row shows: the one that is sorted by, else the one that matters most. */
export function shownMetric(run: ListedRun, sortKey: string | null): ListedRun['metrics'][number] | null {
  return (sortKey === null ? run.metrics[0] : run.metrics.find(metric => metric.key === sortKey)) ?? null;
}

function version({ run_id, key, n_points }: Wanted): string {
  return `${run_id} ${n_points} ${key}`;
}
