// The diagram card of a case page or a version: tabs for called procedures, current positions, the way so far.

import { Canvas } from './canvas.js';
import { pageData } from './data.js';

/** @param {HTMLElement} root the element with `data-diagram-panel` */
export function panel(root) {
  const data = pageData(root);
  const tabs = [ ...root.querySelectorAll('[data-process]') ];
  const canvas = new Canvas(root.querySelector('[data-canvas]'), data.diagrams, data.texts, open);

  async function open(process) {
    const diagram = data.diagrams.find(one => one.process === process);
    for (const tab of tabs) {
      const chosen = tab.dataset.process === process;
      tab.classList.toggle('active', chosen);
      if (chosen) tab.setAttribute('aria-current', 'true');
      else tab.removeAttribute('aria-current');
    }
    await canvas.show(process);
    canvas.mark({ current: diagram.current, done: [ ...diagram.done, ...diagram.flows ] });
    canvas.firstLook(diagram.current);
  }

  for (const tab of tabs) tab.addEventListener('click', () => open(tab.dataset.process));
  for (const item of root.querySelectorAll('[data-show-element]')) {
    item.addEventListener('click', async () => {
      await open(item.dataset.showProcess);
      canvas.reveal(item.dataset.showElement);
    });
  }
  for (const button of root.querySelectorAll('[data-zoom]')) {
    button.addEventListener('click', () => {
      if (button.dataset.zoom === 'fit') canvas.fit();
      else canvas.zoom(Number(button.dataset.zoom));
    });
  }
  root.querySelector('[data-fullscreen]')?.addEventListener('click', () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen();
  });
  open(data.start);
}
