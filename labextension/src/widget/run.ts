// The anywidget module of the page of a run: built into jtrack/widgets/static/run.js.

import { drawRun } from '../panels/draw/run';
import { widgetOf } from './host';

export default widgetOf(drawRun);
