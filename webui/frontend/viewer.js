// The diagram on a case page, the version viewer and the replay: reading only.

import './styles/viewer.css';
import { panel } from './viewer/panel.js';
import { replay } from './viewer/replay.js';

for (const root of document.querySelectorAll('[data-diagram-panel]')) panel(root);
for (const root of document.querySelectorAll('[data-replay]')) replay(root);
