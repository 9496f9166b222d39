// The frame of the live panel (jtrack/widgets/live/frame.py), and how one frame and what is new since make the next
// (jtrack/widgets/live/news.py).

import type { Direction, JsonNumber, RunStatus } from '../frames';

export interface LiveMetric {
  key: string;
  direction: Direction | null;
  n_points: number;
  last: JsonNumber;
  last_step: number;
  best: number | null;
  best_step: number | null;
  generation: number;
  n_fast: number;
  step: number[];
  value: number[];
}

export interface Progress {
  fraction: number;
  eta_s: number | null;
  basis: string;
  done: number | null;
  total: number | null;
}

export interface GpuUse {
  percent: number;
  memory_bytes: number;
  memory_total_bytes: number | null;
}

export interface SystemUse {
  cpu_percent: number;
  memory_percent: number;
  memory_total_bytes: number;
  process_bytes: number | null;
  gpus: GpuUse[];
}

export type KnobValue = number | string | boolean;

export interface Knob {
  name: string;
  value: KnobValue;
  asked: KnobValue | null;
}

export interface Note {
  at: string;
  text: string;
}

export interface LiveFrame {
  panel: 'live';
  seq: number;
  run_id: string | null;
  run_name: string;
  kind: string;
  experiment_name: string;
  status: RunStatus;
  started_at: string | null;
  elapsed_s: number | null;
  execution_count: number | null;
  error: string | null;
  step: number | null;
  /** In order of importance; the first ones have their curves with them. */
  metrics: LiveMetric[];
  n_metrics: number;
  progress: Progress | null;
  system: SystemUse | null;
  knobs: Knob[];
  notes: Note[];
  stop_asked: boolean;
  is_listening: boolean;
}

type MetricNews = Omit<LiveMetric, 'key' | 'direction'> & { place: number; start: number };

export type LiveNews =
  | { whole: LiveFrame }
  | { since: number; changed: Partial<LiveFrame>; metrics: MetricNews[] }
  | Record<string, never>;

export interface LiveCallbacks {
  /** Whether news come by themselves; where they don't, they are asked for. */
  pushes: boolean;
  look(asked: { since: number }): Promise<LiveNews>;
  /** All there is about the run from somebody else, as a kernel that died tells nothing any more. */
  lookAside(asked: { run_id: string }): Promise<LiveNews>;
  watch(asked: { visible: boolean }): Promise<LiveNews>;
  stop(asked: { run_id: string }): Promise<unknown>;
  knob(asked: { run_id: string; name: string; value: KnobValue }): Promise<unknown>;
  note(asked: { run_id: string; text: string }): Promise<unknown>;
}

/** The frame that follows; null where the news are about another frame than this one. */
export function applyNews(frame: LiveFrame, news: LiveNews): LiveFrame | null {
  if ('whole' in news && news.whole) {
    return news.whole;
  }
  if (!('since' in news)) {
    return frame;
  }
  if (news.since !== frame.seq) {
    return null;
  }
  const metrics = [...frame.metrics];
  for (const { place, start, step, value, ...rest } of news.metrics) {
    const before = metrics[place]!;
    metrics[place] = {
      ...before,
      ...rest,
      step: [...before.step.slice(0, start), ...step],
      value: [...before.value.slice(0, start), ...value]
    };
  }
  return { ...frame, ...news.changed, metrics };
}
