// The second way from a panel to a run: through Jupyter's server, where the kernel takes no messages while its cell
// runs (older kernels and front ends have no subshells), or is gone. Only what is asked of a run goes this way.

import type { Fault } from '../panels/frames';

/** A kernel that takes messages answers within some tenths of a second. */
export const PATIENCE_MS = 1000;
const STEERING = new Set(['stop', 'knob', 'note']);

const NO_WAY: Fault = {
  message: 'The kernel takes no messages while this cell runs, and there is no Jupyter server with jtrack to go through.',
  hint: 'What was asked reaches the run when the cell ends. Interrupting the kernel stops it now.',
  position: null
};

/** Whether a question may go by the server: it is about a run, and can wait for no cell. */
export function isSteering(method: string): boolean {
  return STEERING.has(method);
}

/** Ask the server to do it; rejects with what to tell where that is no way either. */
export async function askServer(element: Element, runId: string, method: string, params: object): Promise<unknown> {
  const base = jupyterBase();
  if (base === null) {
    throw NO_WAY;
  }
  let refusal: Fault | null = null;
  const isLook = method === 'look';
  const address = `${base}jtrack/api/${isLook ? 'panels/live' : `runs/${encodeURIComponent(runId)}/${method}`}`;
  const body = isLook ? { params: { run: runId } } : params;
  for (const place of places(element, base)) {
    const reply = await post(address, { ...body, ...place });
    if (reply.ok) {
      return isLook ? { whole: reply.result } : {};
    }
    refusal = reply.fault ?? refusal;
    // Another place may hold the run; a server that refuses for another reason refuses everywhere.
    if (reply.fault && reply.status !== 404) {
      break;
    }
  }
  throw refusal ?? NO_WAY;
}

/** Where Jupyter's pages begin, as its page says; null on any other page. */
function jupyterBase(): string | null {
  const config = document.getElementById('jupyter-config-data')?.textContent;
  const classic = document.body?.dataset.baseUrl;
  try {
    const baseUrl: unknown = config ? JSON.parse(config).baseUrl : classic;
    return typeof baseUrl === 'string' ? baseUrl.replace(/\/?$/, '/') : null;
  } catch {
    return null;
  }
}

/** Where the run's store may be: beside the notebook that the panel stands in, or else at the server's root. */
function places(element: Element, base: string): { notebook_path?: string }[] {
  const found = [tabPath(element), addressPath(base)].filter((path): path is string => path !== null);
  return [...[...new Set(found)].map(notebook_path => ({ notebook_path })), {}];
}

/** The path that JupyterLab shows when one points at the notebook's tab. */
function tabPath(element: Element): string | null {
  const id = element.closest('.jp-NotebookPanel')?.id;
  const tab = id ? document.querySelector(`.lm-TabBar-tab[data-id="${CSS.escape(id)}"]`) : null;
  // Its name stands there too, and is shorter or the same.
  const named = [...(tab?.getAttribute('title') ?? '').matchAll(/: (.+\.ipynb)$/gm)].map(found => found[1]!);
  return named.sort((one, other) => other.length - one.length)[0] ?? null;
}

function addressPath(base: string): string | null {
  const below = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : '';
  const path = /(?:^|\/)(?:tree|notebooks)\/(.+\.ipynb)$/.exec(below)?.[1];
  return path ? decodeURIComponent(path) : null;
}

interface Reply {
  ok: boolean;
  status: number;
  fault: Fault | null;
  result: unknown;
}

async function post(url: string, body: object): Promise<Reply> {
  const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const headers = { 'Content-Type': 'application/json', ...(xsrf && { 'X-XSRFToken': xsrf }) };
  try {
    const response = await fetch(url, { method: 'POST', headers, credentials: 'same-origin', body: JSON.stringify(body) });
    const said = await response.json().catch(() => null);
    // A server without jtrack answers too, with a page or a message of its own.
    const isOurs = said !== null && ('did' in said || 'hint' in said || 'panel_id' in said);
    const ok = response.ok && isOurs && !said.error;
    return { ok, status: response.status, fault: isOurs && !response.ok ? said : null, result: said?.result };
  } catch {
    return { ok: false, status: 0, fault: null, result: null };
  }
}
