// The anywidget module of the parallel coordinates: built into jtrack/widgets/static/parallel.js.

import { drawParallel } from '../panels/draw/parallel';
import { widgetOf } from './host';

export default widgetOf(drawParallel);
