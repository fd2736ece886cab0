// Bundles what the browser needs into webui/static/dist (ignored by git): `npm run build`, or `npm run watch`.
//
// Everything is served by us and works under a Content-Security-Policy without 'unsafe-inline': fonts become files,
// and what the editor's packages write inline is rewritten (see strictPolicy).

import { context, build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '..', 'static', 'dist');

/**
 * The editor's few places that would need 'unsafe-inline', each said otherwise: `style="stroke-width:2"` in markup
 * becomes `stroke-width="2"`, and CodeMirror's sheet is adopted by the document instead of put into a <style> tag.
 */
const strictPolicy = {
  name: 'strict-policy',
  setup({ onLoad }) {
    const markup = /(DistributeElementsIcons|AlignElementsIcons|ColorPopupProvider)\.js$|bpmn-js-properties-panel.dist.index\.esm\.js$/;
    onLoad({ filter: markup }, async ({ path }) => ({
      loader: 'js',
      contents: (await readFile(path, 'utf8')).replace(/ style="([^"$]*)"/g, (_, style) => style.split(';')
        .map(part => part.split(':').map(word => word.trim()))
        .filter(pair => pair.length === 2 && pair[0])
        .map(([ name, value ]) => ` ${name}="${value}"`).join(''))
    }));
    onLoad({ filter: /style-mod\.js$/ }, async ({ path }) => ({
      loader: 'js',
      contents: (await readFile(path, 'utf8')).replace('!root.head && root.adoptedStyleSheets', 'root.adoptedStyleSheets')
    }));
  }
};

const options = {
  entryPoints: {
    app: join(here, 'app.js'),
    viewer: join(here, 'viewer.js'),
    studio: join(here, 'studio.js')
  },
  outdir: dist,
  bundle: true,
  format: 'iife',
  target: [ 'es2022' ],
  minify: true,
  legalComments: 'linked',
  charset: 'utf8',
  assetNames: 'fonts/[name]',
  loader: { '.woff2': 'file', '.woff': 'file', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [ strictPolicy ],
  logLevel: 'warning'
};

/** One file of <symbol>s from the names in icons.txt; an unknown name stops the build. */
async function sprite() {
  const names = (await readFile(join(here, 'icons.txt'), 'utf8')).split('\n')
    .map(line => line.trim()).filter(line => line && !line.startsWith('#'));
  const folder = join(here, '..', '..', 'node_modules', '@tabler', 'icons', 'icons', 'outline');
  const symbols = await Promise.all([ ...new Set(names) ].sort().map(async name => {
    const source = await readFile(join(folder, `${name}.svg`), 'utf8')
      .catch(() => { throw new Error(`icons.txt: there is no Tabler icon named “${name}”`); });
    const inner = source.slice(source.indexOf('>', source.indexOf('<svg')) + 1, source.lastIndexOf('</svg>'))
      .replace(/\s+/g, ' ').replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, '').trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"` +
      ` stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  }));
  await writeFile(join(dist, 'icons.svg'), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`);
  return symbols.length;
}

const started = Date.now();
await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

if (process.argv.includes('--watch')) {
  await sprite();
  const watcher = await context({ ...options, minify: false, sourcemap: 'inline' });
  await watcher.watch();
  process.stdout.write('Watching webui/frontend …\n');
} else {
  const [ count ] = await Promise.all([ sprite(), build(options) ]);
  process.stdout.write(`webui/static/dist: scripts, styles, fonts and ${count} icons in ${Date.now() - started} ms\n`);
}
