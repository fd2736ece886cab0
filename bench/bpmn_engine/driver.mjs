// bpmn-engine in this process. Arguments: BPMN file; "memory", or "saved" with a folder to keep states in.
// Each line read, "cases threads", is a round of that many cases one after the other; a line is answered:
// seconds, cases, steps. "saved": after each step the state is written to a file and flushed to the disk.

import { EventEmitter } from 'node:events';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import BpmnModdle from 'bpmn-moddle';
import * as Elements from 'bpmn-elements';
import { Engine } from 'bpmn-engine';
import serializer, { TypeResolver } from 'moddle-context-serializer';
import camunda from 'camunda-bpmn-moddle/resources/camunda.json' with { type: 'json' };

const [drawn, mode, folder] = process.argv.slice(2);
// The diagram is read once, as a server would.
const read = await new BpmnModdle({ camunda }).fromXML(readFileSync(drawn, 'utf8'));
const sourceContext = serializer(read, TypeResolver(Elements));

function keep(state) {
  const file = openSync(join(folder, 'case.json'), 'w');
  writeSync(file, JSON.stringify(state));
  fsyncSync(file);
  closeSync(file);
}

async function play() {
  const listener = new EventEmitter();
  const engine = new Engine({ name: 'bench', sourceContext });
  const execution = await engine.execute({ listener });
  if (mode === 'saved') keep(execution.getState());
  let steps = 0;
  for (let open = waiting(execution); open; open = waiting(execution)) {
    open.signal({ [`note_${steps}`]: 'x'.repeat(50), [`done_${steps}`]: true });
    steps += 1;
    if (mode === 'saved') keep(execution.getState());
  }
  if (execution.state !== 'idle' || !execution.completed) {
    if (execution.getPostponed().length) throw new Error('the case did not end');
  }
  return steps;
}

function waiting(execution) {
  return execution
    .getPostponed()
    .map((process) => process.getPostponed?.().find((element) => element.type === 'bpmn:UserTask') ?? process)
    .find((element) => element.type === 'bpmn:UserTask');
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const cases = Number(line.split(' ')[0]);
  const began = process.hrtime.bigint();
  let steps = 0;
  for (let each = 0; each < cases; each += 1) steps += await play();
  console.log(`${Number(process.hrtime.bigint() - began) / 1e9} ${cases} ${steps}`);
}
