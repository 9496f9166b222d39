// Bundles each panel's widget into an ES module of its own, which anywidget hands to every front end (JupyterLab,
// Notebook, VS Code). It uses the Rspack that @jupyter/builder brings: one bundler for both outputs.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rspack } from '@rspack/core';

const PANELS = ['compare', 'live', 'models', 'parallel', 'run', 'runs'];
const development = process.argv.includes('--development');
const here = path => fileURLToPath(new URL(path, import.meta.url));

// One build each: in a common one they would share files, and a widget can hand over only one.
const settings = name => ({
  mode: development ? 'development' : 'production',
  devtool: development ? 'inline-source-map' : false,
  target: ['web', 'es2022'],
  context: here('.'),
  entry: here(`src/widget/${name}.ts`),
  output: {
    path: here('../jtrack/widgets/static'),
    filename: `${name}.js`,
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

rmSync(here('../jtrack/widgets/static'), { recursive: true, force: true });
const bundler = rspack(PANELS.map(settings));

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
