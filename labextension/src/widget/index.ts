// The anywidget entry: the one module that is bundled into jtrack/widgets/static/panels.js.

type Model = { get(key: string): unknown };

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): void {
    el.textContent = String(model.get('text') ?? '');
  }
};
