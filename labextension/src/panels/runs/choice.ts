// The runs that are chosen in a table. They stay chosen while other rows are looked at, until they are let go.

export class Choice {
  private readonly chosen = new Set<string>();
  /** Where a range begins that a click with Shift ends. */
  anchor: number | null = null;

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

  set(run_ids: string[], isChosen: boolean): void {
    run_ids.forEach(run_id => (isChosen ? this.chosen.add(run_id) : this.chosen.delete(run_id)));
    this.changed(this.run_ids);
  }

  clear(): void {
    this.chosen.clear();
    this.anchor = null;
    this.changed([]);
  }
}
