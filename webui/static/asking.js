// Fields that only some answers call for: hidden until they do. Without scripts all of them are there to be filled in.
// The server works out which are asked (the form's own rules); this only shows and hides.
for (const form of document.querySelectorAll('form[data-asking]')) {
  const places = [...form.querySelectorAll('[data-field]')];
  let latest = 0;

  const show = asked => {
    for (const place of places) {
      place.hidden = Boolean(place.dataset.field) && !asked.has(place.dataset.field);
    }
    for (const group of form.querySelectorAll('.hy-group')) {
      group.hidden = !group.querySelector('[data-field]:not([hidden])');
    }
  };

  show(new Set(places.filter(place => !('notAsked' in place.dataset)).map(place => place.dataset.field)));

  form.addEventListener('change', async event => {
    if (event.target.type === 'file') return;
    const turn = ++latest;
    const body = new FormData(form);
    for (const input of form.querySelectorAll('input[type=file]')) body.delete(input.name);
    body.set('_asked', '1');
    try {
      const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
      if (answer.ok && turn === latest) show(new Set((await answer.json()).asked));
    } catch {
      // Offline for a moment: everything stays as it is shown, and the server judges when the form is submitted.
    }
  });
}
