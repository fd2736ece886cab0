// Several diagrams in one place, one shown at a time; positions are marked with CSS classes and badges.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { h, icon } from './data.js';

/** Below this scale the labels of a diagram cannot be read. */
const READABLE = .62;

/** The scale of the first look at a position: close enough to read, far enough to see where it stands. */
const CLOSEST = .8;

/** How much is shown around a position at first, and how far away what it is connected with still belongs to it. */
const AROUND = 60;
const NEARBY = 320;

const CLASSES = { current: 'hy-current', done: 'hy-done', now: 'hy-now', problem: 'hy-problem' };

export class Canvas {

  /**
   * @param {HTMLElement} host where the diagrams are drawn
   * @param {{process: string, name: string, url: string}[]} diagrams
   * @param {{sprite: string, openCalled: string, badge: string}} options
   * @param {(process: string) => void} onOpen a call activity was opened
   */
  constructor(host, diagrams, options, onOpen) {
    this.host = host;
    this.options = options;
    this.onOpen = onOpen;
    this.diagrams = new Map(diagrams.map(diagram => [ diagram.process, diagram ]));
    this.opened = new Map();
    this.shown = null;
    new ResizeObserver(() => this.resized()).observe(host);
  }

  /** Draws the diagram of `process` (once) and shows it; later calls win over earlier ones still loading. */
  async show(process) {
    if (!this.diagrams.has(process)) return null;
    this.wanted = process;
    if (!this.opened.has(process)) this.opened.set(process, this.open(this.diagrams.get(process)));
    const entry = await this.opened.get(process);
    if (this.wanted !== process) return entry;
    for (const other of this.host.querySelectorAll(':scope > .hy-canvas-layer')) other.hidden = other !== entry.layer;
    this.shown = entry;
    return entry;
  }

  async open(diagram) {
    const layer = h('div', { class: 'hy-canvas-layer' });
    this.host.append(layer);
    const viewer = new NavigatedViewer({ container: layer });
    const entry = { layer, viewer, marks: [], badges: [], fitted: false };
    try {
      const answer = await fetch(diagram.url, { headers: { Accept: 'application/xml' } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      await viewer.importXML(await answer.text(), diagram.plane || undefined);
      layer.querySelector('svg')?.setAttribute('aria-label', diagram.name);
      this.linkCalled(viewer);
    } catch (error) {
      entry.viewer = null;
      layer.replaceChildren(h('p', { class: 'hy-canvas-error', role: 'alert' }, this.options.failed, ' ', String(error.message)));
    }
    return entry;
  }

  /** A button on every call activity whose diagram is here. */
  linkCalled(viewer) {
    const overlays = viewer.get('overlays');
    for (const element of viewer.get('elementRegistry').getAll()) {
      const called = element.type === 'bpmn:CallActivity' && element.businessObject.calledElement;
      if (!called || !this.diagrams.has(called)) continue;
      const label = this.options.openCalled.replace('{name}', this.diagrams.get(called).name);
      const button = h('button', { type: 'button', class: 'hy-open-called', title: label, 'aria-label': label,
        onclick: () => this.onOpen(called) }, icon(this.options.sprite, 'zoom-in'));
      overlays.add(element, 'hy-open-called', { position: { bottom: 22, right: 22 }, html: button, scale: { min: .4, max: 1.2 } });
    }
  }

  /**
   * Marks the shown diagram anew.
   * @param {{current?: string[], done?: Iterable<string>, now?: Iterable<string>, problem?: Iterable<string>}} state
   */
  mark(state) {
    const entry = this.shown;
    if (!entry?.viewer) return;
    const canvas = entry.viewer.get('canvas');
    const overlays = entry.viewer.get('overlays');
    const registry = entry.viewer.get('elementRegistry');
    for (const [ id, name ] of entry.marks) canvas.removeMarker(id, name);
    for (const id of entry.badges) overlays.remove(id);
    entry.marks = [];
    entry.badges = [];
    const add = (ids, name) => {
      for (const id of ids ?? []) {
        if (!registry.get(id)) continue;
        canvas.addMarker(id, name);
        entry.marks.push([ id, name ]);
      }
    };
    add(state.done, CLASSES.done);
    add(state.current, CLASSES.current);
    add(state.now, CLASSES.now);
    add(state.problem, CLASSES.problem);
    for (const id of state.current ?? []) {
      if (!registry.get(id)) continue;
      const badge = h('span', { class: 'hy-token hy-token-pin', title: this.options.badge });
      entry.badges.push(overlays.add(id, 'hy-token', { position: { top: -12, left: -12 }, html: badge, scale: { min: .9, max: 1.3 } }));
    }
  }

  /** Brings an element into view when it is outside, without moving more than needed. */
  reveal(id) {
    const viewer = this.shown?.viewer;
    const element = viewer?.get('elementRegistry').get(id);
    if (!element) return;
    const canvas = viewer.get('canvas');
    const box = boxOf(element);
    const view = canvas.viewbox();
    const margin = 40;
    const inside = box.x - margin >= view.x && box.y - margin >= view.y &&
      box.x + box.width + margin <= view.x + view.width && box.y + box.height + margin <= view.y + view.height;
    if (!inside) centre(canvas, box);
  }

  /** The whole diagram. */
  fit() {
    const canvas = this.shown?.viewer?.get('canvas');
    if (!canvas || !this.host.clientWidth) return;
    canvas.resized();
    canvas.zoom('fit-viewport', 'auto');
    this.shown.fitted = true;
  }

  /**
   * The first look at a diagram: all of it if that can be read, else the positions `ids` with what is next to them, as
   * large as fits; without positions all of it, on a narrow screen its start.
   */
  firstLook(ids) {
    const entry = this.shown;
    if (!entry?.viewer) return;
    entry.ids = ids ?? entry.ids ?? [];
    if (entry.looked || !this.host.clientWidth) return;
    entry.looked = true;
    this.fit();
    const canvas = entry.viewer.get('canvas');
    if (canvas.zoom() >= READABLE) return;
    const registry = entry.viewer.get('elementRegistry');
    let elements = entry.ids.map(id => registry.get(id)).filter(Boolean);
    if (!elements.length && this.host.clientWidth < 600) elements = registry.filter(one => one.type === 'bpmn:StartEvent').slice(0, 1);
    if (!elements.length) return;
    const { width, height } = canvas.getSize();
    const scale = box => Math.min(CLOSEST, width / (box.width + 2 * AROUND), height / (box.height + 2 * AROUND));
    const boxes = elements.map(surroundings);
    const main = boxes[Math.max(0, elements.findIndex(one => one.type === 'bpmn:CallActivity'))];
    const box = [ union(boxes), main ].find(one => scale(one) >= READABLE) ?? boxOf(elements[boxes.indexOf(main)]);
    canvas.zoom(Math.max(READABLE, scale(box)));
    centre(canvas, box);
    entry.fitted = false;
  }

  zoom(factor) {
    const canvas = this.shown?.viewer?.get('canvas');
    if (canvas) canvas.zoom(Math.min(4, Math.max(.2, canvas.zoom() * factor)), 'auto');
  }

  resized() {
    const entry = this.shown;
    if (!entry?.viewer) return;
    if (entry.fitted) entry.viewer.get('canvas').resized();
    else this.firstLook();
  }
}

/** Moves `box` to the middle, as far as that does not show more emptiness beside the diagram than need be. */
function centre(canvas, box) {
  const { inner, width, height } = canvas.viewbox();
  const along = (middle, size, from, length) => {
    const margin = 20;
    if (length + 2 * margin <= size) return from + length / 2 - size / 2;
    return Math.max(from - margin, Math.min(middle - size / 2, from + length + margin - size));
  };
  canvas.viewbox({
    x: along(box.x + box.width / 2, width, inner.x, inner.width),
    y: along(box.y + box.height / 2, height, inner.y, inner.height),
    width,
    height
  });
}

function boxOf(element) {
  return element.waypoints ? bounds(element.waypoints) : element;
}

/** The box of an element and of what it is connected with nearby. */
function surroundings(element) {
  const own = boxOf(element);
  const near = [ ...(element.incoming ?? []).map(flow => flow.source), ...(element.outgoing ?? []).map(flow => flow.target) ]
    .filter(one => one && Math.abs(one.x - own.x) <= NEARBY && Math.abs(one.y - own.y) <= NEARBY);
  return union([ own, ...near.map(boxOf) ]);
}

function union(boxes) {
  return bounds(boxes.flatMap(({ x, y, width, height }) => [ { x, y }, { x: x + width, y: y + height } ]));
}

function bounds(points) {
  const xs = points.map(point => point.x);
  const ys = points.map(point => point.y);
  return { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) };
}
