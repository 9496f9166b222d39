// What anywidget runs, around the panel that a widget shows: it draws the widget's frame and carries the panel's
// questions over the widget's custom messages (jtrack/widgets/panel.py). Each panel is a module of its own beside this
// one, because a saved notebook keeps the module of every widget that it shows.

import type { Ask, Draw } from '../panels/ask';
import type { Fault } from '../panels/frames';
import { Late } from '../panels/late';
import { PATIENCE_MS, askServer, isSteering } from './serverRoute';

interface Model {
  get(key: string): any;
  send(content: object): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
}

interface Reply {
  reply: string;
  result?: unknown;
  error?: unknown;
  /** What the kernel sends unasked. */
  news?: unknown;
  /** The kernel takes the panel away. */
  closes?: boolean;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Widget {
  render(shown: { model: Model; el: HTMLElement }): () => void;
}

const GONE: Fault = { message: 'The kernel that this came from has ended.', hint: 'Run the cell again.', position: null };

/** The widget of one panel. */
export function widgetOf(draw: Draw): Widget {
  return {
    render: ({ model, el }) => {
      const { ask, close } = connect(model, el, news => panel.push?.(news));
      const late = new Late(el, 'No answer yet: the kernel is busy, or gone.');
      const patient: Ask = Object.assign((method: string, params: object) => late.of(method, ask(method, params)), ask);
      el.onkeydown = keepKeys;
      const panel = draw(el, model.get('_frame_json'), patient);
      // The kernel may have more to show than it was asked for: a sweep tells of its trials while the cell runs.
      const update = (): void => panel.update(model.get('_frame_json'));
      model.on('change:_frame_json', update);
      return () => {
        model.off('change:_frame_json', update);
        close();
        panel.dispose();
      };
    }
  };
}

/** Keep from JupyterLab what is typed into a panel's field: an arrow would go to another cell, an m make this one text.
 * What is pressed with Control stays JupyterLab's, so that Ctrl+S saves, but for what edits the text of a field. */
function keepKeys(event: KeyboardEvent): void {
  const isShortcut = (event.ctrlKey || event.metaKey) && !/[ayz]/i.test(event.key);
  if (!isShortcut && (event.target as Element).matches('select, input, textarea')) {
    event.stopPropagation();
  }
}

/** Ask over a model. Several views of one model each see every reply, and take those to their own questions. */
function connect(model: Model, el: HTMLElement, push: (news: unknown) => void): { ask: Ask; close(): void } {
  const waiting = new Map<string, Waiting>();
  let isClosing = false;
  const answer = (content: Reply): void => {
    isClosing ||= content?.closes === true;
    if (content?.news) {
      push(content.news);
      return;
    }
    const asker = waiting.get(content?.reply);
    if (asker) {
      waiting.delete(content.reply);
      if (content.error) {
        asker.reject(content.error);
      } else {
        asker.resolve(content.result);
      }
    }
  };
  model.on('msg:custom', answer);
  const ask: Ask = (method, params) =>
    new Promise((resolve, reject) => {
      const request = crypto.getRandomValues(new Uint32Array(2)).join('-');
      waiting.set(request, { resolve, reject });
      const { run_id: runId } = params as { run_id?: string };
      const hasOtherWay = isSteering(method) && runId;
      try {
        // A subshell that goes while a message waits for it complains of that in the cell.
        if (isClosing) {
          throw GONE;
        }
        model.send({ request, method, params });
      } catch {
        // With its kernel the widget lost what it could send over.
        if (!hasOtherWay) {
          waiting.delete(request);
          reject(GONE);
        }
      }
      if (hasOtherWay) {
        setTimeout(() => {
          if (waiting.has(request)) {
            askServer(el, runId, method, params).then(resolve, reject);
          }
        }, PATIENCE_MS);
      }
    });
  ask.pushes = true;
  ask.aside = (method, params) => askServer(el, params.run_id, method, params);
  return {
    ask,
    close: () => {
      model.off('msg:custom', answer);
      waiting.clear();
    }
  };
}
