// The runs that are chosen in a table. They stay chosen while other rows are looked at, until they are let go.

export class Choice {
  private readonly chosen = new Set<string>();
  /** What was chosen as one: groups, and the table (null), with the runs that they had. */
  private readonly wholes = new Map<string | null, Set<string>>();
  /** The run where a range begins that a click with Shift ends. */
  anchor: string | null = null;

  constructor(private readonly changed: (run_ids: string[]) => void) {}

  get run_ids(): string[] {
    return [...this.chosen];
  }

  get size(): number {
    return this.chosen.size;
  }

  has(run_id: string): boolean {
    return this.chosen.has(run_id);
  }

  /** Whether a group, or the table, was chosen as one, and has as many runs as it had then. */
  hasWhole(line: string | null, n_runs: number): boolean {
    return this.wholes.get(line)?.size === n_runs;
  }

  /** Choose runs, or let them go; `whole` is the group that they are, or null for the table. */
  set(run_ids: string[], isChosen: boolean, whole?: string | null): void {
    run_ids.forEach(run_id => (isChosen ? this.chosen.add(run_id) : this.chosen.delete(run_id)));
    if (!isChosen) {
      this.wholes.forEach((runs, line) => run_ids.some(run_id => runs.has(run_id)) && this.wholes.delete(line));
    } else if (whole !== undefined) {
      this.wholes.set(whole, new Set(run_ids));
    }
    this.changed(this.run_ids);
  }

  clear(): void {
    this.chosen.clear();
    this.wholes.clear();
    this.anchor = null;
    this.changed([]);
  }

  /** Other runs are searched now: what was chosen as one are runs like others. */
  forgetWholes(): void {
    this.wholes.clear();
  }
}
