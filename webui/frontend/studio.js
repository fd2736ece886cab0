// The studio: a procedure's diagram in the full editor, its problems, its draft, its publication.

import './styles/studio.css';
import { studio } from './studio/page.js';

for (const root of document.querySelectorAll('[data-studio]')) studio(root);
