// The studio page: the buttons around the editor. The server keeps drafts and versions; nothing is lost on a refusal.

import { h, pageData } from '../viewer/data.js';
import { createEditor } from './editor.js';
import { Problems } from './problems.js';

/** How long after a change the diagram is checked, in milliseconds. */
const CHECK_AFTER = 1200;
/** The least scale at which labels can be read, and the width the palette takes, in pixels. */
const READABLE = .6;
const PALETTE = 130;

/** @param {HTMLElement} root the element with `data-studio` */
export async function studio(root) {
  const data = pageData(root);
  const find = selector => root.querySelector(selector);
  const modeler = createEditor({
    canvas: find('[data-canvas]'), properties: find('[data-properties]'),
    language: data.language, forms: data.forms, roles: data.roles
  });
  const page = new Page(root, data, modeler);
  try {
    await modeler.importXML(data.xml);
    firstLook(modeler.get('canvas'));
  } catch (error) {
    page.say('error', data.texts.unreadable.replace('{reason}', error.message));
    return;
  }
  page.start();
}

/** All of the diagram, beside the palette; of one too large to read that way, its beginning. */
function firstLook(canvas) {
  canvas.zoom('fit-viewport', 'auto');
  const { inner } = canvas.viewbox();
  const scale = Math.min(1, Math.max(READABLE, canvas.zoom() * .88));
  canvas.zoom(scale);
  const view = canvas.viewbox();
  const left = PALETTE / scale;
  const room = view.width - left;
  canvas.viewbox({
    x: inner.width < room ? inner.x - left - (room - inner.width) / 2 : inner.x - left,
    y: inner.height < view.height ? inner.y - (view.height - inner.height) / 2 : inner.y - 20,
    width: view.width,
    height: view.height
  });
}

class Page {

  constructor(root, data, modeler) {
    this.root = root;
    this.data = data;
    this.modeler = modeler;
    this.revision = data.revision;
    this.version = data.version;
    this.fromDraft = data.fromDraft;
    this.saved = 0;
    this.find = selector => root.querySelector(selector);
    this.problems = new Problems(this.find('[data-problems]'), this.find('[data-summary]'), modeler, data);
  }

  start() {
    const { modeler } = this;
    this.saved = this.stackIndex();
    modeler.on('commandStack.changed', () => this.changed());
    this.root.addEventListener('click', event => {
      const button = event.target.closest('[data-do]');
      if (button) this[button.dataset.do](button);
    });
    document.addEventListener('keydown', event => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
        event.preventDefault();
        if (!event.repeat) this.save();
      }
    });
    window.addEventListener('beforeunload', event => {
      if (this.dirty) event.preventDefault();
    });
    this.find('[data-publish-form]').addEventListener('submit', event => {
      event.preventDefault();
      this.publish(false);
    });
    this.problems.show(this.data.problems);
    this.state();
    this.root.dataset.ready = 'true';
  }

  get dirty() { return this.stackIndex() !== this.saved; }

  stackIndex() { return this.modeler.get('commandStack')._stackIdx; }

  changed() {
    this.state();
    window.clearTimeout(this.checking);
    this.checking = window.setTimeout(() => this.check(), CHECK_AFTER);
  }

  state() {
    const stack = this.modeler.get('commandStack');
    this.find('[data-do="undo"]').disabled = !stack.canUndo();
    this.find('[data-do="redo"]').disabled = !stack.canRedo();
    const { texts } = this.data;
    this.find('[data-state]').textContent = this.dirty ? texts.unsaved : this.fromDraft ? texts.draftSaved : texts.asPublished;
    this.find('[data-state]').dataset.state = this.dirty ? 'dirty' : 'clean';
  }

  // Buttons

  undo() { this.modeler.get('commandStack').undo(); }
  redo() { this.modeler.get('commandStack').redo(); }
  zoomIn() { this.modeler.get('zoomScroll').stepZoom(1); }
  zoomOut() { this.modeler.get('zoomScroll').stepZoom(-1); }
  fit() { this.modeler.get('canvas').zoom('fit-viewport', 'auto'); }
  search() { this.modeler.get('searchPad').toggle(); }

  toggleProperties(button) {
    const hidden = this.root.classList.toggle('hy-no-properties');
    button.setAttribute('aria-pressed', String(!hidden));
    this.modeler.get('canvas').resized();
  }

  toggleProblems(button) {
    const hidden = this.root.classList.toggle('hy-no-problems');
    button.setAttribute('aria-expanded', String(!hidden));
    this.modeler.get('canvas').resized();
  }

  async xml() { return (await this.modeler.saveXML({ format: true })).xml; }

  async check() {
    window.clearTimeout(this.checking);
    const asked = this.stackIndex();
    const answer = await this.post(this.data.urls.check, { xml: await this.xml() });
    if (answer.ok && asked === this.stackIndex()) this.problems.show(answer.body.problems);
    else if (!answer.ok) this.say('error', answer.message);
  }

  async save(_button, force = false) {
    const asked = this.stackIndex();
    const answer = await this.post(this.data.urls.draft, { xml: await this.xml(), base: this.revision, force });
    if (answer.ok) {
      this.revision = answer.body.revision;
      this.fromDraft = true;
      this.saved = asked;
      this.problems.show(answer.body.problems);
      this.state();
      this.say('success', this.data.texts.saved.replace('{at}', answer.body.at));
    } else if (answer.status === 409) {
      this.say('conflict', answer.message, [
        [ this.data.texts.overwrite, () => this.save(null, true) ],
        [ this.data.texts.download, () => this.download() ]
      ]);
    } else {
      this.refused(answer);
    }
    return answer.ok;
  }

  async askPublish() {
    await this.check();
    const errors = this.problems.list.querySelectorAll('[data-severity="error"]').length;
    const dialog = this.find('[data-publish-dialog]');
    this.find('[data-publish-errors]').hidden = !errors;
    this.find('[data-publish-submit]').disabled = errors > 0;
    dialog.showModal();
  }

  closePublish() { this.find('[data-publish-dialog]').close(); }

  async publish(force) {
    const submit = this.find('[data-publish-submit]');
    submit.disabled = true;
    const asked = this.stackIndex();
    const answer = await this.post(this.data.urls.publish, {
      xml: await this.xml(), note: this.find('[data-note]').value, version: this.version, base: this.revision, force
    });
    submit.disabled = false;
    this.closePublish();
    if (answer.ok) {
      const { number, unchanged, revision } = answer.body;
      this.version = number;
      this.revision = revision;
      this.fromDraft = false;
      this.saved = asked;
      this.find('[data-note]').value = '';
      this.find('[data-version]').textContent = this.data.texts.version.replace('{number}', number);
      this.problems.show(answer.body.problems);
      this.state();
      this.say('success', (unchanged ? this.data.texts.unchanged : this.data.texts.published).replace('{number}', number));
    } else if (answer.status === 409) {
      this.say('conflict', answer.message, [
        [ this.data.texts.publishAnyway, () => this.publish(true) ],
        [ this.data.texts.download, () => this.download() ]
      ]);
    } else {
      this.refused(answer);
    }
  }

  refused(answer) {
    if (answer.body?.problems) this.problems.show(answer.body.problems);
    this.root.classList.remove('hy-no-problems');
    this.say('error', answer.message);
  }

  async download() {
    const address = URL.createObjectURL(new Blob([ await this.xml() ], { type: 'application/xml' }));
    const link = h('a', { href: address, download: this.data.fileName });
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // Talking to the server and to the person

  async post(url, body) {
    this.root.setAttribute('aria-busy', 'true');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json', Accept: 'application/json',
          'X-CSRFToken': document.querySelector('meta[name="csrf-token"]').content
        },
        body: JSON.stringify(body)
      });
      const parsed = (response.headers.get('Content-Type') ?? '').includes('json') ? await response.json() : null;
      const message = parsed?.error?.message || this.data.texts.failed.replace('{status}', response.status);
      return { ok: response.ok && parsed !== null, status: response.status, body: parsed, message };
    } catch {
      return { ok: false, status: 0, body: null, message: this.data.texts.offline };
    } finally {
      this.root.removeAttribute('aria-busy');
    }
  }

  /** A line under the bar; successes leave by themselves, refusals stay until closed. */
  say(kind, text, actions = []) {
    const place = this.find('[data-say]');
    window.clearTimeout(this.saying);
    const close = h('button', { type: 'button', class: 'btn-close', 'aria-label': this.data.texts.close, onclick: () => place.replaceChildren() });
    const colour = { success: 'alert-success', error: 'alert-danger', conflict: 'alert-warning' }[kind];
    place.replaceChildren(h('div', { class: `alert ${colour} alert-dismissible`, role: kind === 'success' ? 'status' : 'alert' },
      h('div', {}, text),
      actions.length ? h('div', { class: 'btn-list mt-2' }, actions.map(([ label, act ]) => (
        h('button', { type: 'button', class: 'btn btn-sm', onclick: () => { place.replaceChildren(); act(); } }, label)
      ))) : null,
      close));
    if (kind === 'success') this.saying = window.setTimeout(() => place.replaceChildren(), 8000);
  }
}
