// What the parallel coordinates are given (jtrack/widgets/parallel/frame.py), and what they ask for and tell.

import type { Direction } from '../frames';

export interface ParallelAxis {
  id: string;
  source: 'metrics' | 'params' | 'attributes';
  key: string;
  kind: 'numeric' | 'log' | 'categorical';
  /** The ends of the finite values; null without any, and for categories. */
  low: number | null;
  high: number | null;
  categories: string[];
  is_whole: boolean;
  direction: Direction | null;
  correlation: number | null;
  measure: 'rho' | 'eta';
  n_missing: number;
  is_shown: boolean;
}

export interface PackedColumn {
  dtype: 'u1' | 'f4' | 'f8';
  data: string;
}

/** Some of the lines, by their positions among all runs; one column an axis, in the order of the axes. */
export interface ParallelLines {
  positions: number[];
  run_ids: string[];
  run_names: string[];
  columns: PackedColumn[];
}

export interface ParallelFrame {
  panel: 'parallel';
  title: string;
  noun: string;
  n_runs: number;
  /** Lines from here on belong to runs that still change. */
  n_settled: number;
  parent_run_id: string | null;
  algorithm: string | null;
  objective: string | null;
  direction: Direction | null;
  color: string | null;
  axes: ParallelAxis[];
  best: { position: number; run_id: string; run_name: string; value: number; has_model: boolean } | null;
  lines: ParallelLines;
  /** Another one means that columns sent before no longer fit. */
  layout: string;
  is_live: boolean;
  /** The parent is a sweep that runs. */
  is_stoppable: boolean;
  empty_hint: string;
}

export interface ParallelCallbacks {
  /** The frame as it is now, with the lines from a position on. */
  lines(asked: { after: number }): Promise<ParallelFrame>;
  /** Somebody wants the sweep to end; its trials under way are told. */
  stop(asked: { run_id: string }): Promise<unknown>;
  /** Somebody wants a run's model in the registry. */
  register(asked: { run_id: string; name: string }): Promise<{ name: string; version: number }>;
  /** The runs in the brush changed; null where there is no brush. */
  brush(run_ids: string[] | null): void;
  /** Someone wants to see this run. */
  open(run_id: string): void;
  /** Someone wants to see the brushed runs in another panel. */
  show(panel: string, params: Record<string, unknown>, label: string): void;
}

const MISSING_CODE = 255;

/** The values of a column, NaN for the missing. */
export function unpack({ dtype, data }: PackedColumn): ArrayLike<number> {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[i] = text.charCodeAt(i);
  }
  if (dtype === 'u1') {
    return Float32Array.from(bytes, code => (code === MISSING_CODE ? NaN : code));
  }
  // Typed arrays have the byte order of the machine, and those that run a browser are little-endian.
  return dtype === 'f4' ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}
