// What the registry's panel is given (jtrack/widgets/models/frame.py), names and all.

import type { ComparedMetric, ComparedText, SourcePair } from '../frames';

/** An element of a description that was written in Markdown; the kernel or server has read it. */
export interface Markdown {
  tag: string;
  children: (Markdown | string)[];
  href: string | null;
  align: string | null;
}

export interface AliasMark {
  alias: string;
  version: number;
}

export interface ModelRow {
  name: string;
  n_versions: number;
  latest_version: number | null;
  aliases: AliasMark[];
  stages: string[];
  updated_at: string;
  summary: string;
}

export interface VersionColumn {
  version: number;
  stage: string;
  aliases: string[];
  run_id: string | null;
  run_name: string | null;
  notebook_path: string | null;
  execution_count: number | null;
  data: string[];
  source: string;
  created_at: string;
  user_name: string | null;
  description: (Markdown | string)[];
}

export interface ModelPage {
  name: string;
  description: (Markdown | string)[];
  tags: [key: string, value: string][];
  aliases: AliasMark[];
  versions: VersionColumn[];
  n_versions: number;
  metrics: ComparedMetric[];
  params: ComparedText[];
  details: ComparedText[];
  constants: [key: string, text: string][];
  source: SourcePair | null;
  moves: { at: string; user_name: string | null; text: string }[];
  n_moves: number;
}

export interface ModelsFrame {
  panel: 'models';
  models: ModelRow[];
  n_models: number;
  chosen: ModelPage | null;
  candidates: { uri: string; run_name: string; path: string; started_at: string }[];
}

export interface ModelsCallbacks {
  open(asked: { name: string | null }): Promise<ModelsFrame>;
  difference(asked: { left: number; right: number }): Promise<SourcePair>;
  register(asked: { model_uri: string; name: string }): Promise<ModelsFrame>;
  promote(asked: { version: number; alias?: string; stage?: string; archive_existing?: boolean }): Promise<ModelsFrame>;
  description(asked: { version?: number }): Promise<string>;
  describe(asked: { description: string; version?: number }): Promise<ModelsFrame>;
  edit(asked: { alias: string }): Promise<ModelsFrame>;
}

/** What the parts of the panel do with a question whose answer is the panel anew. */
export type Act = (asked: Promise<ModelsFrame>) => Promise<void>;
