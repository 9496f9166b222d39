// What the renderers are given: the JSON of jtrack's frames (jtrack/widgets/*_frame.py), names and all, and the
// callbacks by which they ask for more. A renderer knows nothing of how either travels.

import type { Preview } from './run/frame';

/** JSON has no NaN and no infinities; these travel as text. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';
export type Direction = 'higher' | 'lower';
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface Points {
  step: number[];
  value: number[];
  n_points: number;
}

export interface Curve {
  key: string;
  series: (Points | null)[];
}

/** A piece of a line, and whether it is what changed in it. */
export type Span = [text: string, changed: boolean];
export interface Line {
  number: number;
  spans: Span[];
}

export interface DiffRow {
  kind: 'same' | 'changed' | 'removed' | 'added' | 'skipped';
  left: Line | null;
  right: Line | null;
  n_skipped: number;
}

export interface SourcePair {
  left: number;
  right: number;
  difference: { rows: DiffRow[]; n_removed: number; n_added: number; n_hidden: number };
}

export interface ComparedRun {
  letter: string;
  run_id: string;
  run_name: string;
  status: RunStatus;
  started_at: string;
  duration_s: number | null;
  execution_count: number | null;
}

export interface ComparedText {
  key: string;
  is_numeric: boolean;
  texts: (string | null)[];
}

export interface ComparedMetric {
  key: string;
  direction: Direction | null;
  decimals: number | null;
  values: (JsonNumber | null)[];
  best: number | null;
}

export interface CompareFrame {
  panel: 'compare';
  runs: ComparedRun[];
  n_found: number;
  metrics: ComparedMetric[];
  n_metrics: number;
  params: ComparedText[];
  n_params: number;
  tags: ComparedText[];
  n_tags: number;
  packages: ComparedText[];
  n_packages: number;
  details: ComparedText[];
  constants: [key: string, text: string][];
  curves: Curve[];
  curve_keys: string[];
  n_curve_keys: number;
  sources: SourcePair[];
  n_sources: number;
  /** What can be drawn against each other: `params.lr`, `metrics.acc`. */
  axes: string[];
  n_files: number;
}

export type Section = 'metrics' | 'params' | 'tags' | 'packages';

export interface ComparedColumn {
  id: string;
  is_numeric: boolean;
  is_log: boolean;
  values: (JsonNumber | null)[];
  texts: (string | null)[];
}

export interface Importance {
  key: string;
  measure: 'rho' | 'eta';
  value: number;
  n_runs: number;
}

/** Where a surface is above one level after the other, from worst to best: SVG path data in a box of 1000 × 1000. */
export interface ContourShades {
  worst: number;
  best: number;
  direction: Direction | null;
  paths: string[];
}

export interface ComparedFile {
  path: string;
  kind: string;
  runs: number[];
  is_same: boolean;
}

export interface CompareCallbacks {
  curve(asked: { key: string; x: 'step' | 'relative' | 'wall' }): Promise<Curve>;
  difference(asked: { left: number; right: number }): Promise<SourcePair>;
  rows(asked: { section: Section }): Promise<any[]>;
  column(asked: { axis: string }): Promise<ComparedColumn>;
  contour(asked: { x: string; y: string; z: string }): Promise<ContourShades>;
  importance(asked: { metric: string }): Promise<Importance[]>;
  files(): Promise<ComparedFile[]>;
  preview(asked: { run: number; path: string }): Promise<Preview>;
  select(asked: { run_ids: string[] }): Promise<any>;
}

/** What a panel says when it could not do something: one line and what to type. */
export interface Fault {
  message: string;
  hint: string | null;
  /** For a filter, the offset of the fault in its text. */
  position: number | null;
}

/** A panel that is drawn; it stays in its element until it is disposed of. */
export interface Rendered<F> {
  update(frame: F): void;
  /** Take what its holder sends unasked, where it sends anything. */
  push?(news: any): void;
  /** Whether it asks for what is new by itself at present, as while something trains or searches. */
  looksByItself?(): boolean;
  dispose(): void;
}

export function asNumber(value: JsonNumber | null): number | null {
  return value === null ? null : Number(value);
}

/** Take a rejection of a callback for a fault; whatever else was thrown is told in its own words. */
export function asFault(error: unknown): Fault {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const { message, hint, position } = error as Partial<Fault>;
    return { message: String(message), hint: hint ?? null, position: position ?? null };
  }
  return { message: String(error), hint: null, position: null };
}
