// What a saved panel shows when its notebook is opened with another kernel than the one that made it. The view asks that
// kernel for a model that it never had, and says so in the panel's place; the HTML without script, which was saved beside
// the view, is then shown. Only outputs of jtrack's are touched, so that the renderers of a notebook are wrapped for these.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { Panel } from '@lumino/widgets';

type Registry = NotebookPanel['content']['rendermime'];
type Factory = NonNullable<ReturnType<Registry['getFactory']>>;
type Renderer = ReturnType<Registry['createRenderer']>;

const VIEW = 'application/vnd.jupyter.widget-view+json';
const HTML = 'text/html';
const OWN = /<div class="?jtrack\b/;
/** As jupyterlab_widgets ranks its views. */
const RANK = -10;

const SAVED = 'jtrack-saved';

const wrapped = new WeakSet<Factory>();

export const savedPanelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:saved-panels',
  description: 'Shows the saved form of a panel whose kernel is gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker): void => {
    const follow = ({ content, context }: NotebookPanel): void => {
      // jupyterlab_widgets gives each notebook its own renderer when it hears of it, before or after this.
      queueMicrotask(() => wrap(content.rendermime));
      void context.ready.then(() => wrap(content.rendermime));
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_sender, panel) => follow(panel));
  }
};

function wrap(rendermime: Registry): void {
  const inner = rendermime.getFactory(VIEW);
  if (!inner || wrapped.has(inner)) {
    return;
  }
  const createRenderer: Factory['createRenderer'] = options => {
    const view = inner.createRenderer(options);
    if (view instanceof Panel) {
      addSavedForm(view, rendermime);
    }
    return view;
  };
  const factory = { ...inner, createRenderer };
  wrapped.add(factory);
  rendermime.removeMimeType(VIEW);
  rendermime.addFactory(factory, RANK);
}

function addSavedForm(view: Panel & Renderer, rendermime: Registry): void {
  const render = view.renderModel.bind(view);
  let form: Renderer | null = null;
  // The view calls this again by itself when its kernel has told what it has.
  view.renderModel = async model => {
    form?.dispose();
    form = null;
    view.removeClass(SAVED);
    await render(model);
    if (OWN.test(String(model.data[HTML] ?? '')) && view.widgets.length === 0 && !view.isDisposed) {
      form = rendermime.createRenderer(HTML);
      await form.renderModel(model);
      view.node.textContent = '';
      view.addWidget(form);
      view.addClass(SAVED);
    }
  };
}
