// In demo mode a click on a demo login fills the form; the person still signs in with the button.
document.addEventListener('click', event => {
  const button = event.target.closest('[data-fill-login]');
  if (!button) return;
  document.getElementById('login').value = button.dataset.fillLogin;
  const password = document.getElementById('password');
  password.value = document.querySelector('#demo-heading + p code').textContent;
  password.closest('form').querySelector('button').focus();
});
