// The anywidget module of the panel of a run that trains: built into jtrack/widgets/static/live.js.

import { drawLive } from '../panels/draw/live';
import { widgetOf } from './host';

export default widgetOf(drawLive);
