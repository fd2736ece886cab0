// What every page loads: Tabler's menus and dialogs, htmx for partial updates. Pages work without either.

import '@tabler/core';
import htmx from 'htmx.org';
import './styles/app.css';
import './styles/cases.css';

// The Content-Security-Policy allows neither eval nor styles added at run time.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
window.htmx = htmx;

// A CSRF token for requests that htmx sends outside a form (forms carry their own field).
document.addEventListener('htmx:configRequest', event => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) event.detail.headers['X-CSRFToken'] = token.content;
});

// Buttons that cannot be undone ask first: <button data-confirm="…">.
document.addEventListener('click', event => {
  const button = event.target.closest('[data-confirm]');
  if (button && !window.confirm(button.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// Selects that act at once, such as the language: <select data-submit-on-change>.
document.addEventListener('change', event => {
  if (event.target.matches('[data-submit-on-change]')) event.target.form.requestSubmit();
});
