// The anywidget module of the registry: built into jtrack/widgets/static/models.js.

import { drawModels } from '../panels/draw/models';
import { widgetOf } from './host';

export default widgetOf(drawModels);
