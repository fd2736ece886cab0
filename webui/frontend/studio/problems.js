// What `check` found: a list below the diagram and marks on it.

import { h, icon } from '../viewer/data.js';

export class Problems {

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} summary
   * @param {object} modeler
   * @param {{texts: object, sprite: string, file: string}} data
   */
  constructor(list, summary, modeler, data) {
    this.list = list;
    this.summary = summary;
    this.modeler = modeler;
    this.data = data;
    this.marks = [];
    this.overlays = [];
  }

  /** Shows problems anew. @param {{file: string, element: string, severity: string, code: string, message: string}[]} problems */
  show(problems) {
    this.clearMarks();
    const sorted = [ ...problems ].sort((a, b) => Number(a.severity !== 'error') - Number(b.severity !== 'error'));
    const errors = problems.filter(problem => problem.severity === 'error').length;
    const { texts } = this.data;
    this.summary.textContent = problems.length
      ? texts.found.replace('{errors}', errors).replace('{warnings}', problems.length - errors)
      : texts.none;
    this.summary.dataset.state = errors ? 'error' : problems.length ? 'warning' : 'fine';
    this.list.replaceChildren(...sorted.map(problem => this.row(problem)));
    const byElement = Map.groupBy
      ? Map.groupBy(sorted.filter(problem => problem.element), problem => problem.element)
      : sorted.reduce((map, problem) => map.set(problem.element, [ ...(map.get(problem.element) ?? []), problem ]), new Map());
    for (const [ element, found ] of byElement) if (element) this.mark(element, found);
  }

  row(problem) {
    const element = this.modeler.get('elementRegistry').get(problem.element);
    const name = element?.businessObject?.name || problem.element || problem.file;
    const wrong = problem.severity === 'error';
    const content = [
      icon(this.data.sprite, wrong ? 'alert-triangle' : 'info-circle'),
      h('span', { class: 'hy-problem-kind' }, wrong ? this.data.texts.error : this.data.texts.warning),
      h('span', { class: 'hy-problem-text' }, problem.message),
      h('span', { class: 'hy-problem-where' }, name)
    ];
    const row = element
      ? h('button', { type: 'button', class: 'hy-problem-row', onclick: () => this.select(problem.element) }, content)
      : h('div', { class: 'hy-problem-row' }, content);
    return h('li', { 'data-severity': problem.severity, 'data-code': problem.code }, row);
  }

  mark(id, found) {
    if (!this.modeler.get('elementRegistry').get(id)) return;
    const wrong = found.some(problem => problem.severity === 'error');
    const marker = wrong ? 'hy-problem' : 'hy-warning';
    this.modeler.get('canvas').addMarker(id, marker);
    this.marks.push([ id, marker ]);
    const text = found.map(problem => problem.message).join('\n');
    const badge = h('span', { class: `hy-problem-badge ${marker}-badge`, title: text }, wrong ? '!' : '?');
    this.overlays.push(this.modeler.get('overlays').add(id, 'hy-problem', {
      position: { top: -12, right: 10 }, html: badge, scale: { min: .8, max: 1.2 }
    }));
  }

  clearMarks() {
    for (const [ id, marker ] of this.marks) {
      if (this.modeler.get('elementRegistry').get(id)) this.modeler.get('canvas').removeMarker(id, marker);
    }
    for (const id of this.overlays) this.modeler.get('overlays').remove(id);
    this.marks = [];
    this.overlays = [];
  }

  select(id) {
    const element = this.modeler.get('elementRegistry').get(id);
    if (!element) return;
    const canvas = this.modeler.get('canvas');
    const plane = canvas.findRoot(element);
    if (plane && plane !== canvas.getRootElement()) canvas.setRootElement(plane);
    if (element !== canvas.getRootElement()) canvas.scrollToElement(element, 120);
    this.modeler.get('selection').select(element);
  }
}
