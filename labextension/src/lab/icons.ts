// jtrack's own sign: three runs, the middle one ahead.

import { LabIcon } from '@jupyterlab/ui-components';

export const runsIcon = new LabIcon({
  name: 'jtrack:runs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 5.2h8.1a2.4 2.4 0 1 1 0 1.6H3zM3 11.2h13.1a2.4 2.4 0 1 1 0 1.6H3zM3 17.2h4.1a2.4 2.4 0 1 1 0 1.6H3z"/>
  </g>
</svg>`
});
