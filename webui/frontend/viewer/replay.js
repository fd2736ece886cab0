// A case played step by step on the diagrams of its pinned version. The list of entries is the server's: without
// scripts it is the whole page; with them the chosen entry is shown beside the diagram and #seq=12 is its address.

import { Canvas } from './canvas.js';
import { fill, h, pageData } from './data.js';

const PACE = 1300;

/** @param {HTMLElement} root the element with `data-replay` */
export async function replay(root) {
  const data = pageData(root);
  const answer = await fetch(data.framesUrl, { headers: { Accept: 'application/json' } });
  if (!answer.ok) return;
  const { frames, processes } = await answer.json();
  if (!frames.length) return;
  new Player(root, data, frames, processes).start();
}

class Player {

  constructor(root, data, frames, processes) {
    this.root = root;
    this.data = data;
    this.frames = frames;
    this.processes = processes;
    this.at = -1;
    this.timer = null;
    this.find = selector => root.querySelector(selector);
    this.entries = new Map([ ...root.querySelectorAll('[data-seq]') ].map(item => [ Number(item.dataset.seq), item ]));
    this.slider = this.find('[data-slider]');
    this.canvas = new Canvas(this.find('[data-canvas]'), data.diagrams, data.texts, process => this.look(process));
  }

  start() {
    this.root.classList.add('hy-js');
    this.slider.max = String(this.frames.length - 1);
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)));
    for (const button of this.root.querySelectorAll('[data-do]')) {
      button.addEventListener('click', () => this[button.dataset.do]());
    }
    this.find('[data-only-actions]').addEventListener('change', event => {
      this.root.classList.toggle('hy-only-actions', event.target.checked);
      this.choose(this.frames[this.at].seq);
    });
    for (const [ seq, item ] of this.entries) {
      item.removeAttribute('id');
      item.querySelector('a').addEventListener('click', event => {
        event.preventDefault();
        this.pause();
        this.go(this.indexOf(seq));
      });
    }
    for (const button of this.root.querySelectorAll('[data-zoom]')) {
      button.addEventListener('click', () => (button.dataset.zoom === 'fit' ? this.canvas.fit() : this.canvas.zoom(Number(button.dataset.zoom))));
    }
    document.addEventListener('keydown', event => this.key(event));
    window.addEventListener('hashchange', () => this.fromAddress());
    if (window.location.hash) window.scrollTo(0, 0);
    this.fromAddress();
  }

  fromAddress() {
    const wanted = /^#seq=(\d+)$/.exec(window.location.hash);
    this.go(wanted ? this.indexOf(Number(wanted[1])) : 0);
  }

  indexOf(seq) {
    const found = this.frames.findIndex(frame => frame.seq >= seq);
    return found < 0 ? this.frames.length - 1 : found;
  }

  /** Shows one moment. Everything on the page follows from the index alone, so any jump is exact. */
  async go(index) {
    const wanted = Math.max(0, Math.min(this.frames.length - 1, index));
    if (wanted === this.at) return;
    this.at = wanted;
    const frame = this.frames[wanted];
    this.slider.value = String(wanted);
    this.slider.setAttribute('aria-valuetext', fill(this.data.texts.position, { seq: frame.seq, at: frame.atText }));
    this.find('[data-position]').textContent = `${wanted + 1} / ${this.frames.length}`;
    window.history.replaceState(null, '', `#seq=${frame.seq}`);
    this.choose(frame.seq);
    await this.look(frame.process);
  }

  choose(seq) {
    for (const item of this.entries.values()) item.querySelector('a').removeAttribute('aria-current');
    const item = this.entries.get(seq);
    if (!item) return;
    // Where only what people did is listed, what followed from it counts to it.
    let listed = item;
    while (!listed.offsetParent && listed.previousElementSibling) listed = listed.previousElementSibling;
    listed.querySelector('a').setAttribute('aria-current', 'step');
    const list = listed.closest('.hy-entries');
    const { offsetTop, offsetHeight } = listed;
    if (offsetTop < list.scrollTop || offsetTop + offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = offsetTop - list.clientHeight / 2;
    }
    const detail = item.querySelector('[data-detail]').cloneNode(true);
    detail.hidden = false;
    this.find('[data-now]').replaceChildren(...detail.childNodes);
  }

  /** Draws a procedure's diagram as it stood at this moment; the breadcrumb says where it hangs. */
  async look(process) {
    const frame = this.frames[this.at];
    this.breadcrumb(process, frame);
    const at = this.at;
    await this.canvas.show(process);
    if (at !== this.at) return;
    const done = new Set();
    for (const past of this.frames.slice(0, at + 1)) for (const id of past.done[process] ?? []) done.add(id);
    const now = frame.process === process ? frame.now : [];
    this.canvas.mark({ current: frame.active[process] ?? [], done, now });
    const target = now[0] ?? (frame.active[process] ?? [])[0];
    this.canvas.firstLook(target ? [ target ] : []);
    if (target) this.canvas.reveal(target);
  }

  breadcrumb(process, frame) {
    const known = frame.process === process ? frame.trail : (this.processes[process]?.trail ?? [ process ]);
    const items = known.map((one, i) => {
      const name = this.processes[one]?.name ?? one;
      return i === known.length - 1
        ? h('span', { 'aria-current': 'location' }, name)
        : h('button', { type: 'button', onclick: () => this.look(one) }, name);
    });
    this.find('[data-breadcrumb]').replaceChildren(...items.flatMap((item, i) => (i ? [ h('span', { 'aria-hidden': 'true' }, '›'), item ] : [ item ])));
  }

  // Buttons and keys

  first() { this.pause(); this.go(0); }
  last() { this.pause(); this.go(this.frames.length - 1); }
  back() { this.pause(); this.go(this.at - 1); }
  forward() { this.pause(); this.go(this.at + 1); }

  /** To the next thing somebody did, past the facts that followed from this one. */
  nextAction() {
    this.pause();
    const next = this.frames.findIndex((frame, i) => i > this.at && frame.command);
    this.go(next < 0 ? this.frames.length - 1 : next);
  }

  previousAction() {
    this.pause();
    this.go(this.frames.findLastIndex((frame, i) => i < this.at && frame.command));
  }

  toggle() {
    if (this.timer) {
      this.pause();
      return;
    }
    if (this.at === this.frames.length - 1) this.go(0);
    const button = this.find('[data-do="toggle"]');
    button.setAttribute('aria-pressed', 'true');
    button.classList.add('hy-playing');
    const step = async () => {
      if (this.at >= this.frames.length - 1) {
        this.pause();
        return;
      }
      await this.go(this.at + 1);
      if (this.timer) this.timer = window.setTimeout(step, PACE / Number(this.find('[data-speed]').value));
    };
    this.timer = window.setTimeout(step, 150);
  }

  pause() {
    window.clearTimeout(this.timer);
    this.timer = null;
    const button = this.find('[data-do="toggle"]');
    button.setAttribute('aria-pressed', 'false');
    button.classList.remove('hy-playing');
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target;
    if (target.matches('input:not([type="range"]), textarea, select, [contenteditable]')) return;
    const onButton = target.matches('button, a, summary');
    const actions = {
      ArrowRight: () => (event.shiftKey ? this.nextAction() : this.forward()),
      ArrowLeft: () => (event.shiftKey ? this.previousAction() : this.back()),
      Home: () => this.first(),
      End: () => this.last(),
      ' ': onButton ? null : () => this.toggle()
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
