// Texts such as `4 min ago`, kept true for as long as a panel is shown.

import { formatAgo } from './format';

const EVERY_MS = 5000;

/** Renew now and then what stands in the times in `node`, until the function that it gives is called. */
export function keepTimes(node: Element): () => void {
  const timer = window.setInterval(() => updateTimes(node.querySelectorAll('time[datetime]')), EVERY_MS);
  return () => window.clearInterval(timer);
}

export function updateTimes(times: Iterable<Element>): void {
  const now = new Date();
  for (const time of times) {
    const text = formatAgo((time as HTMLTimeElement).dateTime, now);
    if (time.textContent !== text) {
      time.textContent = text;
    }
  }
}
