// Bundles what the browser needs into webui/static/dist (ignored by git): `npm run build`, or `npm run watch`.
//
// Everything is served by us and works under a Content-Security-Policy without 'unsafe-inline': fonts become files,
// and what the editor's packages write inline is said otherwise (see REWRITES).

import { context, build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '..', 'static', 'dist');

/** Text in the packages below that is said otherwise here: file, what stands there, what we put. */
const REWRITES = [

  // Under our Content-Security-Policy markup carries no style: `style="stroke-width:2"` becomes `stroke-width="2"` …
  [ /(DistributeElementsIcons|AlignElementsIcons|ColorPopupProvider)\.js$/, / style="([^"$]*)"/g, asAttributes ],
  [ /bpmn-js-properties-panel.dist.index\.esm\.js$/, / style="([^"$]*)"/g, asAttributes ],

  // … and CodeMirror's style sheet is adopted by the document instead of put into a <style> element.
  [ /style-mod\.js$/, '!root.head && root.adoptedStyleSheets', 'root.adoptedStyleSheets' ],

  // Ids may be Chinese, as XML allows.
  [ /moddle-xml.dist.index(\.esm)?\.js$/, '/^([a-z][\\w-.]*:)?[a-z_][\\w-.]*$/i', '/^([\\p{L}_][\\p{L}\\p{N}_.-]*:)?[\\p{L}_][\\p{L}\\p{N}_.-]*$/u' ],
  [ /bpmn-js-properties-panel.dist.index\.esm\.js$/, '/^([a-z][\\w-.]*:)?[a-z_][\\w-.]*$/i', '/^([\\p{L}_][\\p{L}\\p{N}_.-]*:)?[\\p{L}_][\\p{L}\\p{N}_.-]*$/u' ],
  [ /bpmn-js-properties-panel.dist.index\.esm\.js$/, '/^[a-z_][\\w-.]*$/i', '/^[\\p{L}_][\\p{L}\\p{N}_.-]*$/u' ]
];

function asAttributes(_, style) {
  return style.split(';').map(part => part.split(':').map(word => word.trim()))
    .filter(pair => pair.length === 2 && pair[0])
    .map(([ name, value ]) => ` ${name}="${value}"`).join('');
}

/** Applies REWRITES. A newer package in which the text is gone stops the build, so that nobody misses it. */
const rewrites = {
  name: 'rewrites',
  setup({ onLoad }) {
    const any = new RegExp([ ...new Set(REWRITES.map(([ file ]) => file.source)) ].map(file => `(${file})`).join('|'));
    onLoad({ filter: any }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const [ file, from, to ] of REWRITES.filter(([ one ]) => one.test(path))) {
        const changed = contents.replace(from, to);
        if (changed === contents) throw new Error(`${path}: found no ${from}; see ${file} in build.mjs`);
        contents = changed;
      }
      return { contents, loader: 'js' };
    });
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
  plugins: [ rewrites ],
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
