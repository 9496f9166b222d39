// Questions to jtrack's server extension, which reads the store itself: no kernel is needed, busy or dead. How a request
// travels is the host's business.

import type { Direction, Fault, JsonNumber, RunStatus } from '../panels/frames';

/** Which store is meant: that of a notebook, or of a folder; both as the file browser names them. */
export type Place = { notebook_path: string } | { store: string };
export type Scope = 'notebook' | 'folder' | 'all';
export type Words = Record<string, string | number | string[] | undefined>;

export interface ListedMetric {
  key: string;
  value: JsonNumber;
  step: number;
  n_points: number;
  direction: Direction | null;
}

/** What a list says of a run (jtrack/server/runs_listing.py), as far as it is used here. */
export interface ListedRun {
  run_id: string;
  run_name: string;
  status: RunStatus;
  kind: string;
  parent_run_id: string | null;
  n_children: number;
  started_at: string;
  duration_s: number | null;
  experiment_name: string | null;
  notebook_path: string | null;
  cell_id: string | null;
  execution_count: number | null;
  metrics: ListedMetric[];
}

export interface RunsPage {
  store_path: string;
  n_runs: number;
  runs: ListedRun[];
}

/** A tracked cell with its newest run (jtrack/server/tracked_cells.py). */
export interface MarkedCell {
  cell_id: string | null;
  n_runs: number;
  run_id: string;
  run_name: string;
  status: RunStatus;
  started_at: string;
  metric: {
    key: string;
    value: JsonNumber;
    previous: JsonNumber | null;
    direction: Direction | null;
    is_better: boolean | null;
  } | null;
}

/** The cell that made a run (jtrack/server/run_cell.py); the path as Jupyter names it, null where it can't be opened. */
export interface MakingCell {
  run_id: string;
  run_name: string;
  cell_id: string | null;
  notebook_path: string | null;
  recorded_path: string | null;
}

export interface Where {
  store_path: string;
  exists: boolean;
  /** Absolute paths, as runs record them. */
  folder: string;
  notebook_path: string | null;
}

/** Something that the server refused, as a panel shows it; `status` is HTTP's, 0 where nobody answered. */
export class ApiFault extends Error implements Fault {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string | null = null,
    readonly position: number | null = null
  ) {
    super(message);
  }
}

/** Sends a request below `<base_url>jtrack/api/`, with whatever the host's server wants: a token, a cookie, XSRF. */
export type Send = (path: string, init: RequestInit) => Promise<Response>;

export class Api {
  constructor(private readonly send: Send) {}

  get<T>(path: string, words: Words = {}, signal?: AbortSignal): Promise<T> {
    return this.request(`${path}${queryText(words)}`, { method: 'GET', signal });
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.request(path, { method: 'POST', body: JSON.stringify(body) });
  }

  makingCell(run_id: string, place: Place): Promise<MakingCell> {
    return this.get(`runs/${encodeURIComponent(run_id)}/cell`, { ...place });
  }

  where(place: Place): Promise<Where> {
    return this.get('where', { ...place });
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await this.send(path, init);
    } catch {
      throw new ApiFault(0, 'The Jupyter server does not answer.', 'What is shown is what was read last.');
    }
    // A server without the extension answers too, with a page of its own.
    const said = await response.json().catch(() => null);
    if (response.ok && said !== null) {
      return said as T;
    }
    throw refusal(response.status, said);
  }
}

function refusal(status: number, said: Partial<Fault> | null): ApiFault {
  if (said?.message !== undefined && 'hint' in said) {
    return new ApiFault(status, said.message, said.hint, said.position);
  }
  if (status === 404) {
    return new ApiFault(status, "jtrack's server extension is not running.", 'jupyter server extension list');
  }
  return new ApiFault(status, `The Jupyter server refuses: ${said?.message ?? `status ${status}`}.`);
}

function queryText(words: Words): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    [value ?? []].flat().forEach(text => query.append(name, String(text)));
  }
  return query.size ? `?${query}` : '';
}
