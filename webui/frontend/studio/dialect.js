// The editor offers what our engine runs. Whatever else a file brings is kept, and named by the check.

const NOT_OFFERED = /complex-gateway|event-based-instantiate|instantiating|send-task|data-store/;

const HIDDEN_GROUPS = new Set([
  'CamundaPlatform__Form',
  'CamundaPlatform__FormData',
  'CamundaPlatform__ExternalTask',
  'CamundaPlatform__AsynchronousContinuations',
  'CamundaPlatform__JobExecution',
  'CamundaPlatform__CandidateStarter',
  'CamundaPlatform__FieldInjection',
  'CamundaPlatform__HistoryCleanup',
  'CamundaPlatform__Tasklist',
  'CamundaPlatform__BusinessKey',
  'CamundaPlatform__StartInitiator',
  'CamundaPlatform__ExecutionListener',
  'CamundaPlatform__TaskListener',
  'CamundaPlatform__ConnectorInput',
  'CamundaPlatform__ConnectorOutput',
  'CamundaPlatform__ProcessVariables'
]);

function OfferedElements(popupMenu) {
  for (const menu of [ 'bpmn-replace', 'bpmn-create', 'bpmn-append' ]) popupMenu.registerProvider(menu, 950, this);
}

OfferedElements.$inject = [ 'popupMenu' ];

OfferedElements.prototype.getPopupMenuEntries = function() {
  return entries => Object.fromEntries(Object.entries(entries).filter(([ id ]) => !NOT_OFFERED.test(id)));
};

function OfferedProperties(propertiesPanel) {
  propertiesPanel.registerProvider(100, this);
}

OfferedProperties.$inject = [ 'propertiesPanel' ];

OfferedProperties.prototype.getGroups = function() {
  return groups => groups.filter(group => !HIDDEN_GROUPS.has(group.id));
};

export const dialectModule = {
  __init__: [ 'offeredElements', 'offeredProperties' ],
  offeredElements: [ 'type', OfferedElements ],
  offeredProperties: [ 'type', OfferedProperties ]
};
