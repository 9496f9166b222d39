// The anywidget module of the runs table: built into jtrack/widgets/static/runs.js.

import { drawRuns } from '../panels/draw/runs';
import { widgetOf } from './host';

export default widgetOf(drawRuns);
