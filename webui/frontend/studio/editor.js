// The diagram editor: camunda-bpmn-js (Camunda 7 attributes, properties panel, minimap, colours) in our dialect.

import BaseModeler from 'camunda-bpmn-js/lib/base/Modeler';
import appendGroupsModule from 'camunda-bpmn-js/lib/base/features/create-append-groups';
import descriptionsModule from 'camunda-bpmn-js/lib/base/features/element-descriptions';
import colorPickerModule from 'bpmn-js-color-picker';
import { CreateAppendAnythingModule } from 'bpmn-js-create-append-anything';
import { CamundaPlatformPropertiesProviderModule } from 'bpmn-js-properties-panel';
import behaviorsModule from 'camunda-bpmn-js-behaviors/lib/camunda-platform';
import camunda from 'camunda-bpmn-moddle/resources/camunda.json';

import { dialectModule } from './dialect.js';
import { propertiesModule } from './properties.js';
import { translateModule } from './translate.js';

/**
 * @param {{canvas: HTMLElement, properties: HTMLElement, language: string, forms: object[], roles: object[]}} options
 */
export function createEditor({ canvas, properties, language, forms, roles }) {
  return new BaseModeler({
    container: canvas,
    propertiesPanel: { parent: properties },
    moddleExtensions: { camunda },
    additionalModules: [
      behaviorsModule,
      CamundaPlatformPropertiesProviderModule,
      colorPickerModule,
      CreateAppendAnythingModule,
      appendGroupsModule,
      descriptionsModule,
      dialectModule,
      propertiesModule({ forms, roles }),
      translateModule(language)
    ]
  });
}
