// Fields of ours in the properties panel: who does a task and with which form, chosen from what exists instead of
// typed from memory; and the words people see while the element is at work (camunda:properties).

import { CheckboxEntry, SelectEntry, TextFieldEntry, isSelectEntryEdited, isTextFieldEntryEdited } from '@bpmn-io/properties-panel';
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { useService } from 'bpmn-js-properties-panel';

const SHOWN = [
  [ 'status', 'Progress' ],
  [ 'publicStatus', 'Public progress' ],
  [ 'milestone', 'Milestone' ]
];

/** @param {{forms: {id: string, label: string}[], roles: {key: string, label: string}[]}} known */
export function propertiesModule(known) {

  function OwnProperties(propertiesPanel, translate) {
    propertiesPanel.registerProvider(450, {
      getGroups: element => groups => {
        const own = [ workGroup(element, known, translate), shownGroup(element, translate) ].filter(Boolean);
        groups.splice(1, 0, ...own);
        return groups;
      }
    });
  }
  OwnProperties.$inject = [ 'propertiesPanel', 'translate' ];
  return { __init__: [ 'ownProperties' ], ownProperties: [ 'type', OwnProperties ] };
}

function workGroup(element, known, translate) {
  if (!is(element, 'bpmn:UserTask') && !is(element, 'bpmn:StartEvent')) return null;
  const entries = [ { id: 'huiyin-form', component: FormReference, isEdited: isSelectEntryEdited, known } ];
  if (is(element, 'bpmn:UserTask')) {
    for (const key of rolesOf(element)) {
      entries.push({ id: `huiyin-role-${key}`, component: RoleOfTask, role: key, known });
    }
    entries.push({ id: 'huiyin-add-role', component: AddRole, known });
    entries.push({ id: 'huiyin-unit', component: OwnProperty, isEdited: isTextFieldEntryEdited, property: 'unit', label: 'Unit',
      description: 'Expression that narrows the roles to one unit, for example ${handling_unit}' });
  }
  return { id: 'huiyin-work', label: translate('Who and which form'), entries, shouldOpen: true };
}

function shownGroup(element, translate) {
  if (!is(element, 'bpmn:Activity') && !is(element, 'bpmn:Event')) return null;
  return {
    id: 'huiyin-shown',
    label: translate('Shown to people'),
    entries: SHOWN.map(([ property, label ]) => (
      { id: `huiyin-${property}`, component: OwnProperty, isEdited: isTextFieldEntryEdited, property, label }
    ))
  };
}

function rolesOf(element) {
  return (getBusinessObject(element).get('camunda:candidateGroups') ?? '').split(',').map(key => key.trim()).filter(Boolean);
}

function FormReference({ element, id, known }) {
  const modeling = useService('modeling');
  const translate = useService('translate');
  const business = getBusinessObject(element);
  const used = business.get('camunda:formRef') ?? '';
  return SelectEntry({
    element, id,
    label: translate('Form'),
    getValue: () => used,
    setValue: value => modeling.updateProperties(element, {
      'camunda:formRef': value || undefined,
      'camunda:formRefBinding': value ? 'latest' : undefined
    }),
    getOptions: () => [
      { value: '', label: translate('no form') },
      ...(used && !known.forms.some(form => form.id === used) ? [ { value: used, label: used } ] : []),
      ...known.forms.map(form => ({ value: form.id, label: form.label }))
    ]
  });
}

function RoleOfTask({ element, id, role, known }) {
  const modeling = useService('modeling');
  const label = known.roles.find(one => one.key === role)?.label;
  return CheckboxEntry({
    element, id,
    label: label ? `${label} (${role})` : role,
    getValue: () => true,
    setValue: chosen => {
      if (chosen) return;
      const left = rolesOf(element).filter(key => key !== role);
      modeling.updateProperties(element, { 'camunda:candidateGroups': left.join(',') || undefined });
    }
  });
}

function AddRole({ element, id, known }) {
  const modeling = useService('modeling');
  const translate = useService('translate');
  const used = rolesOf(element);
  return SelectEntry({
    element, id,
    label: translate('Add role'),
    getValue: () => '',
    setValue: key => {
      if (key) modeling.updateProperties(element, { 'camunda:candidateGroups': [ ...used, key ].join(',') });
    },
    getOptions: () => [
      { value: '', label: translate('choose a role …') },
      ...known.roles.filter(role => !used.includes(role.key)).map(role => ({ value: role.key, label: `${role.label} (${role.key})` }))
    ]
  });
}

function OwnProperty({ element, id, property, label, description }) {
  const modeling = useService('modeling');
  const bpmnFactory = useService('bpmnFactory');
  const translate = useService('translate');
  const debounce = useService('debounceInput');
  return TextFieldEntry({
    element, id, debounce,
    label: translate(label),
    description: description && translate(description),
    getValue: () => valueOf(element, property)?.value ?? '',
    setValue: value => setValue(element, property, value, modeling, bpmnFactory)
  });
}

function propertiesOf(element) {
  const extensions = getBusinessObject(element).get('extensionElements');
  return extensions?.get('values').find(value => value.$type === 'camunda:Properties');
}

function valueOf(element, name) {
  return propertiesOf(element)?.get('values').find(property => property.get('name') === name);
}

function setValue(element, name, value, modeling, bpmnFactory) {
  const business = getBusinessObject(element);
  const existing = valueOf(element, name);
  if (existing && value) {
    modeling.updateModdleProperties(element, existing, { value });
    return;
  }
  const holder = propertiesOf(element);
  if (existing) {
    modeling.updateModdleProperties(element, holder, { values: holder.get('values').filter(one => one !== existing) });
    return;
  }
  if (!value) return;
  const property = bpmnFactory.create('camunda:Property', { name, value });
  if (holder) {
    property.$parent = holder;
    modeling.updateModdleProperties(element, holder, { values: [ ...holder.get('values'), property ] });
    return;
  }
  const extensions = business.get('extensionElements');
  const created = bpmnFactory.create('camunda:Properties', { values: [ property ] });
  property.$parent = created;
  if (extensions) {
    created.$parent = extensions;
    modeling.updateModdleProperties(element, extensions, { values: [ ...extensions.get('values'), created ] });
    return;
  }
  const holderOfAll = bpmnFactory.create('bpmn:ExtensionElements', { values: [ created ] });
  created.$parent = holderOfAll;
  holderOfAll.$parent = business;
  modeling.updateModdleProperties(element, business, { extensionElements: holderOfAll });
}
