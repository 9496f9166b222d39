// The anywidget module of the comparison: built into jtrack/widgets/static/compare.js.

import { drawCompare } from '../panels/draw/compare';
import { widgetOf } from './host';

export default widgetOf(drawCompare);
