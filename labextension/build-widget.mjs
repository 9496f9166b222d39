// Bundles src/widget/index.ts into the one ES module that anywidget hands to every front end
// (JupyterLab, Notebook, VS Code). It uses the Rspack that @jupyter/builder brings: one bundler for both outputs.
import { fileURLToPath } from 'node:url';
import { rspack } from '@rspack/core';

const development = process.argv.includes('--development');
const here = path => fileURLToPath(new URL(path, import.meta.url));

const bundler = rspack({
  mode: development ? 'development' : 'production',
  devtool: development ? 'inline-source-map' : false,
  target: ['web', 'es2022'],
  context: here('.'),
  entry: here('src/widget/index.ts'),
  output: {
    path: here('../jtrack/widgets/static'),
    filename: 'panels.js',
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
      },
      { test: /\.css$/, type: 'asset/source' }
    ]
  }
});

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
