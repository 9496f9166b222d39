// What the page of a run is given, and what its questions are answered with: the JSON of jtrack/widgets/run_page/frame.py,
// run_model.py and artifact_preview.py, names and all.

import type { DiffRow, Direction, JsonNumber, RunStatus } from '../frames';

export interface ParamValue {
  text: string;
  exact: string;
  digest: string;
  number: JsonNumber | null;
}

export interface PageParam {
  key: string;
  value: ParamValue | null;
  previous: ParamValue | null;
  change: 'same' | 'changed' | 'added' | 'removed';
}

export interface PageMetric {
  key: string;
  step: number;
  value: JsonNumber;
  previous: JsonNumber | null;
  direction: Direction | null;
  is_better: boolean | null;
  best: JsonNumber | null;
  min_value: JsonNumber | null;
  max_value: JsonNumber | null;
  n_points: number;
  spark: number[] | null;
}

export interface PageCell {
  role: string;
  cell_id: string | null;
  execution_count: number | null;
  notebook_path: string | null;
  source: string;
  n_hidden: number;
}

export interface RelatedRun {
  run_id: string;
  run_name: string;
  kind: string;
  status: RunStatus;
  started_at: string;
  duration_s: number | null;
  value: JsonNumber | null;
}

export interface PackageChange {
  name: string;
  old: string | null;
  new: string | null;
}

export type FileKind = 'image' | 'table' | 'json' | 'html' | 'text' | 'binary';

export interface Artifact {
  path: string;
  n_bytes: number;
  kind: FileKind;
  created_at: string;
}

export interface PageInput {
  name: string;
  digest: string | null;
  context: string | null;
  source: string | null;
  schema: string | null;
  profile: string | null;
}

export interface RunFrame {
  panel: 'run';
  run_id: string;
  run_name: string;
  kind: string;
  status: RunStatus;
  is_deleted: boolean;
  experiment_name: string;
  started_at: string;
  ended_at: string | null;
  duration_s: number | null;
  user_name: string | null;
  source_name: string | null;
  cell_id: string | null;
  execution_count: number | null;
  notebook_path: string | null;
  git_commit: string | null;
  git_branch: string | null;
  git_dirty: boolean | null;
  artifact_uri: string;
  description: string | null;
  error: string | null;
  metrics: PageMetric[];
  n_metrics: number;
  system: PageMetric[];
  n_system: number;
  params: PageParam[];
  n_params: number;
  n_changed: number;
  tags: { key: string; value: string }[];
  n_tags: number;
  cells: PageCell[];
  n_cells: number;
  environment: {
    python_version: string;
    platform: string;
    n_packages: number;
    changes: PackageChange[];
    n_changes: number;
  } | null;
  inputs: PageInput[];
  n_inputs: number;
  artifacts: Artifact[];
  n_artifacts: number;
  has_model: boolean;
  notes: { at: string; text: string }[];
  n_notes: number;
  parent: RelatedRun | null;
  previous: RelatedRun | null;
  next: RelatedRun | null;
  children: RelatedRun[];
  n_children: number;
  children_metric: string | null;
  /** What was registered from the run. */
  versions: { name: string; version: number; stage: string; aliases: string[] }[];
}

export interface JsonTree {
  kind: 'object' | 'array' | 'number' | 'string' | 'word';
  text: string;
  n: number;
  entries: [key: string, node: JsonTree][];
}

export interface PreviewTable {
  columns: string[];
  is_numeric: boolean[];
  rows: string[][];
  n_rows: number | null;
  n_columns: number;
}

export interface SketchTrace {
  name: string;
  mode: 'lines' | 'markers' | 'lines+markers' | 'bars';
  x: number[];
  y: number[];
}

export interface Sketch {
  title: string;
  x_title: string;
  y_title: string;
  x_kind: 'number' | 'time' | 'category';
  x_labels: string[];
  is_x_log: boolean;
  is_y_log: boolean;
  traces: SketchTrace[];
  n_traces: number;
  left_out: string[];
}

export interface Preview {
  path: string;
  kind: FileKind | 'figure';
  n_bytes: number;
  note: string | null;
  image: string | null;
  text: string | null;
  is_cut: boolean;
  table: PreviewTable | null;
  tree: JsonTree | null;
  figure: Sketch | null;
  html: string | null;
}

export interface RunEvent {
  at: string;
  kind: string;
  text: string;
}

export interface SourceDifference {
  rows: DiffRow[];
  n_removed: number;
  n_added: number;
  n_hidden: number;
}

/** What a part of the page has to work with: the run, questions about it, and the way to another run. */
export interface Page {
  frame: RunFrame;
  /** What was chosen in the parts of this run. */
  memory: Map<string, string>;
  ask<T>(method: string, params?: object): Promise<T>;
  open(run_id: string): void;
  show(tab: string): void;
}
