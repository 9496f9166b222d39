// What a panel tells the page around it: a run to be opened, runs to be shown in another panel, runs that were chosen.
// A host that can do what is meant says so by `preventDefault`; where none does, the widget helps itself.

/** By name, what each event carries. */
export interface Told {
  'jtrack-open-run': { run_id: string; run_name?: string };
  /** A panel by its name and the arguments of its model, as the server takes them (jtrack/server/panel_models.py). */
  'jtrack-open-panel': { panel: string; params: Record<string, unknown>; label: string };
  /** The runs that are chosen in a table; none of them where the list is empty. */
  'jtrack-selection': { run_ids: string[] };
  'jtrack-brush': { run_ids: string[] | null };
  /** Where a run was made; of a trial, or a run inside a cell, the cell of the run around it. */
  'jtrack-go-to-cell': { run_id: string };
  /** The run that a page of runs shows now: one leads to others in its place. */
  'jtrack-shown-run': { run_id: string; run_name: string };
}

/** Let the page around a panel know; gives whether somebody does what was asked. */
export function tell<K extends keyof Told>(element: Element, name: K, detail: Told[K]): boolean {
  return !element.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
}

/** Listen to what panels below `place` tell. */
export function listen<K extends keyof Told>(
  place: EventTarget,
  name: K,
  heard: (detail: Told[K], event: CustomEvent<Told[K]>) => void
): () => void {
  const listener = (event: Event): void => heard((event as CustomEvent<Told[K]>).detail, event as CustomEvent<Told[K]>);
  place.addEventListener(name, listener);
  return () => place.removeEventListener(name, listener);
}

/** Whether two panels belong together: they stand in one notebook, or one of them beside all of these. */
export function isNear(one: Element, other: Element): boolean {
  const [mine, its] = [one, other].map(element => element.closest('.jp-NotebookPanel'));
  return !mine || !its || mine === its;
}
