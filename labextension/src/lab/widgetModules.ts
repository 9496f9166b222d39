// Where this page gets the widgets' modules from. A kernel sends them along, and anywidget imports such a module as a blob;
// a Content-Security-Policy without `blob:` forbids that. Then the kernel is told the address on this server instead.

import { PageConfig } from '@jupyterlab/coreutils';

let address: string | null = null;

/** Find out whether this page may import a blob. */
export async function learnPolicy(): Promise<void> {
  const blob = URL.createObjectURL(new Blob(['export default 0'], { type: 'text/javascript' }));
  try {
    await import(/* webpackIgnore: true */ blob);
  } catch {
    const extensions = PageConfig.getOption('fullLabextensionsUrl');
    address = new URL(`${extensions}/jtrack/static/widgets`, window.location.href).href;
  } finally {
    URL.revokeObjectURL(blob);
  }
}

/** The folder of the widgets' modules on this server; undefined where they may come from the kernel. */
export function modulesAddress(): string | undefined {
  return address ?? undefined;
}
