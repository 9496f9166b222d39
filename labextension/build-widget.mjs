// Bundles each panel's widget into an ES module of its own, which anywidget hands to every front end (JupyterLab,
// Notebook, VS Code), and the page that the server shows by itself into one more. It uses the Rspack that
// @jupyter/builder brings: one bundler for all outputs.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rspack } from '@rspack/core';

const PANELS = ['compare', 'live', 'models', 'parallel', 'run', 'runs'];
const development = process.argv.includes('--development');
const here = path => fileURLToPath(new URL(path, import.meta.url));

// One build each: in a common one they would share files, and a widget can hand over only one.
const settings = ([source, folder]) => ({
  mode: development ? 'development' : 'production',
  devtool: development ? 'inline-source-map' : false,
  target: ['web', 'es2022'],
  context: here('.'),
  entry: here(`src/${source}.ts`),
  output: {
    path: here(folder),
    filename: `${source.split('/').pop()}.js`,
    module: true,
    library: { type: 'modern-module' }
  },
  optimization: { splitChunks: false },
  resolve: { extensions: ['.ts', '.tsx', '.js'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2022' } }
      }
    ]
  }
});

const WIDGETS = '../jtrack/widgets/static';
const PAGE = '../jtrack/server/static';
[WIDGETS, PAGE].forEach(folder => rmSync(here(folder), { recursive: true, force: true }));
const bundler = rspack([...PANELS.map(name => [`widget/${name}`, WIDGETS]), ['page/page', PAGE]].map(settings));

const report = (error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString('errors-only'));
    process.exitCode = 1;
  } else {
    console.log(stats.toString({ preset: 'none', assets: true, timings: true }));
  }
};

if (process.argv.includes('--watch')) {
  bundler.watch({}, report);
} else {
  bundler.run((error, stats) => bundler.close(() => report(error, stats)));
}
