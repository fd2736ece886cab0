// The editor's `translate`, speaking the language of the page.

import { zh } from './zh.js';
import { zhProperties } from './zh_properties.js';

/** The same words come as “Event sub-process” and “Event Sub Process”. */
const plain = english => english.toLowerCase().replaceAll('-', ' ');

const alike = dictionary => new Map(Object.entries(dictionary).map(([ english, text ]) => [ plain(english), text ]));

const DICTIONARIES = { zh: alike({ ...zh, ...zhProperties }), en: new Map() };

/** A module for the editor; `language` is `zh` or `en`. */
export function translateModule(language) {
  const dictionary = DICTIONARIES[language] ?? DICTIONARIES.en;
  const translate = (template, replacements = {}) => (dictionary.get(plain(template)) ?? template)
    .replace(/\{([^}]+)\}/g, (whole, name) => replacements[name] ?? whole);
  return { translate: [ 'value', translate ] };
}
