// What a saved panel shows when its notebook is opened with another kernel than the one that made it. The view asks that
// kernel for a model that it never had, and says so in the panel's place; the HTML without script, which was saved beside
// the view, is then shown. And a panel stays on the page while what is saved beside it is brought up to date, which else
// would draw it anew. Only outputs of jtrack's are touched, so that the renderers of a notebook are wrapped for these.

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

const followed = new WeakSet<Registry>();

export const savedPanelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jtrack:saved-panels',
  description: 'Shows the saved form of a panel whose kernel is gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker): void => {
    tracker.forEach(({ content }) => follow(content.rendermime));
    tracker.widgetAdded.connect((_sender, { content }) => follow(content.rendermime));
  }
};

/** Wrap the renderer of views that a notebook has, and each that it gets: jupyterlab_widgets brings another with each kernel. */
function follow(rendermime: Registry): void {
  if (followed.has(rendermime)) {
    return;
  }
  followed.add(rendermime);
  const add = rendermime.addFactory.bind(rendermime);
  rendermime.addFactory = (factory, rank) => add(factory.mimeTypes.includes(VIEW) ? wrapped(factory, rendermime) : factory, rank);
  const there = rendermime.getFactory(VIEW);
  if (there) {
    rendermime.removeMimeType(VIEW);
    rendermime.addFactory(there, RANK);
  }
}

function wrapped(factory: Factory, rendermime: Registry): Factory {
  const createRenderer: Factory['createRenderer'] = options => {
    const view = factory.createRenderer(options);
    if (view instanceof Panel) {
      addSavedForm(view, rendermime);
    }
    return view;
  };
  return { ...factory, createRenderer };
}

function addSavedForm(view: Panel & Renderer, rendermime: Registry): void {
  const render = view.renderModel.bind(view);
  let form: Renderer | null = null;
  let shown: string | null = null;
  // The view calls this again by itself when its kernel has told what it has.
  view.renderModel = async model => {
    const isOwn = OWN.test(String(model.data[HTML] ?? ''));
    const { model_id } = model.data[VIEW] as unknown as { model_id: string };
    if (isOwn && model_id === shown) {
      return;
    }
    form?.dispose();
    form = null;
    view.removeClass(SAVED);
    shown = model_id;
    await render(model);
    if (view.widgets.length > 0) {
      return;
    }
    shown = null;
    if (isOwn && !view.isDisposed) {
      form = rendermime.createRenderer(HTML);
      await form.renderModel(model);
      view.node.textContent = '';
      view.addWidget(form);
      view.addClass(SAVED);
    }
  };
}
