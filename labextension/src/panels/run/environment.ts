// What a run ran on: Python, the machine, git, and every package with a box to find one; what changed comes first.

import { type Child, h } from '../dom';
import { MISSING, plural, shorten } from '../format';
import type { Page, PackageChange } from './frame';
import { gitText, label } from './overview';
import { findable } from './params';

interface Packages {
  packages: [name: string, version: string][];
  changes: PackageChange[];
}

export async function drawEnvironment(page: Page): Promise<Child> {
  const { frame } = page;
  const { packages, changes } = await page.ask<Packages>('packages');
  const rows = packages.map(([name, version]) =>
    h('tr', {}, h('th', { scope: 'row', title: name.length > 36 ? name : null }, shorten(name, 40)), h('td', { class: 'jt-num' }, version))
  );
  const facts: [string, Child][] = [
    ['python', frame.environment?.python_version],
    ['platform', frame.environment?.platform],
    ['git', gitText(frame)],
    ['files', h('code', {}, frame.artifact_uri)]
  ];
  const known = facts.filter(([, value]) => value);
  return h(
    'div',
    { class: 'jt-columns' },
    h(
      'div',
      { class: 'jt-about' },
      label('ran on'),
      h('table', {}, h('tbody', {}, known.map(([key, value]) => h('tr', {}, h('th', { scope: 'row' }, key), h('td', {}, value))))),
      frame.previous && [
        label('changed', `since ${shorten(frame.previous.run_name, 40)}`),
        changes.length > 0 ? changesTable(changes) : h('div', { class: 'jt-muted' }, 'the same packages')
      ]
    ),
    h('div', {}, label('packages', plural(rows.length, 'package')), findable(rows, 'find a package'), h('table', {}, h('tbody', {}, rows)))
  );
}

function changesTable(changes: PackageChange[]): HTMLElement {
  return h(
    'table',
    {},
    h(
      'tbody',
      {},
      changes.map(({ name, old, new: now }) =>
        h('tr', { class: 'jt-new' }, h('th', { scope: 'row' }, name), h('td', { class: 'jt-num' }, now ?? MISSING), h('td', {}, old === null ? 'new' : h('del', {}, old)))
      )
    )
  );
}
