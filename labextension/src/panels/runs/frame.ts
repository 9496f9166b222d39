// What the runs table is given (jtrack/widgets/runs/frame.py, rows.py) and what it asks for (model.py).

import type { Direction, JsonNumber, RunStatus } from '../frames';

export interface Column {
  id: string;
  kind: 'metrics' | 'params' | 'tags' | 'attributes';
  key: string;
  n_runs: number;
  is_numeric: boolean;
  direction: Direction | null;
  best: number | null;
  decimals: number | null;
  only_value: string | null;
}

/** A number for a metric, text for the rest. */
export type Cell = JsonNumber | string | null;

interface Line {
  /** In the order of the columns. */
  cells: Cell[];
  depth: number;
  /** How many lines open below it; 0 where nothing is folded into it. */
  n_folded: number;
  is_open: boolean;
}

export interface RunRow extends Line {
  run_id: string;
  run_name: string;
  status: RunStatus;
  kind: string;
  parent_run_id: string | null;
  started_at: string;
  duration_s: number | null;
  /** x, y, x, y … in a box of 100 × 100, y upwards. */
  spark: number[] | null;
  n_children: number;
}

/** The runs that have one value of a param; its metrics are means. */
export interface GroupRow extends Line {
  group: string;
  label: string;
}

export type Row = RunRow | GroupRow;

export interface RunsQuery {
  filter_string: string;
  order_by: string[];
  experiment_names: string[] | null;
  max_results: number;
  columns: string[] | null;
  pinned: string[];
  spark: string | null;
  group_by: string | null;
}

export interface UnknownKey {
  name: string;
  near: string[];
  fixed: string | null;
}

export interface RunsFrame {
  panel: 'runs';
  title: string;
  n_runs: number;
  n_lines: number;
  n_total: number;
  query: RunsQuery;
  columns: Column[];
  /** How many columns could be shown. */
  n_columns: number;
  /** The first of the params that are the same in all runs. */
  constants: { key: string; text: string }[];
  n_constants: number;
  rows: Row[];
  spark: string | null;
  n_pinned: number;
  unknown: UnknownKey[];
  is_chosen: boolean;
}

export type Search = Omit<RunsQuery, 'experiment_names' | 'max_results'>;

export interface Completion {
  text: string;
  kind: 'name' | 'operator' | 'value' | 'word';
}

/** What can stand in place of the characters from `start` to `end`. */
export interface Completions {
  start: number;
  end: number;
  choices: Completion[];
}

export interface Changed {
  run_ids: string[];
  frame: RunsFrame;
}

export interface FilePiece {
  name: string;
  content_type: string;
  n_bytes: number;
  data: string;
  next_offset: number | null;
}

export interface RunsCallbacks {
  rows(asked: { offset: number; limit: number }): Promise<Row[]>;
  search(asked: Search): Promise<RunsFrame>;
  among(asked: { run_ids: string[] | null }): Promise<RunsFrame>;
  fold(asked: { line: string; is_open: boolean }): Promise<RunsFrame>;
  columns(): Promise<Column[]>;
  ids(asked: { line: string | null }): Promise<string[]>;
  complete(asked: { text: string; position: number }): Promise<Completions>;
  narrow(asked: { filter_string: string; line: string; column: string }): Promise<string>;
  file(asked: { suffix: string; offset: number }): Promise<FilePiece>;
  names(): Promise<string[]>;
  delete(asked: { run_ids: string[] }): Promise<Changed>;
  restore(asked: { run_ids: string[] }): Promise<Changed>;
  tag(asked: { run_ids: string[]; key: string; value: string | null }): Promise<Changed>;
  register(asked: { run_id: string; name: string }): Promise<string>;
  /** Tell the page around which runs are chosen. */
  select(run_ids: string[]): void;
  /** Ask the page around for another panel; gives whether somebody shows it. */
  open(run: RunRow): boolean;
  /** Ask it for the notebook cell that made a run. */
  goToCell(run: RunRow): boolean;
  show(panel: string, params: Record<string, unknown>, label: string): boolean;
}

export function isRun(row: Row): row is RunRow {
  return 'run_id' in row;
}

export function lineId(row: Row): string {
  return isRun(row) ? row.run_id : row.group;
}
