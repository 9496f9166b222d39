// The words of the live panel, the same as jtrack/widgets/live/text.py's.

import { formatBytes, formatDuration, withThousands } from '../format';
import type { Progress, SystemUse } from './news';

/** `12 of 30 epochs, 1 min 4 s left`, `40 % of the time that the last run took`. */
export function progressText(progress: Progress): string {
  const { fraction, eta_s, basis, done, total } = progress;
  const count = (n: number): string => withThousands(String(n));
  const told =
    done === null || total === null
      ? `${Math.round(fraction * 100)} % of the time that the last run took`
      : `${count(done)} of ${count(total)} ${basis}`;
  return eta_s === null ? told : `${told}, ${formatLeft(eta_s)} left`;
}

/** A time that is left, in whole seconds: what is estimated has no tenths. */
export function formatLeft(eta: number): string {
  return eta >= 60 ? formatDuration(eta) : `${Math.round(eta)} s`;
}

/** What the machine does, one text a part of it. */
export function systemTexts(use: SystemUse): string[] {
  const process = use.process_bytes === null ? '' : `, this run's process ${formatBytes(use.process_bytes)}`;
  const memory = `memory ${Math.round(use.memory_percent)} % of ${formatBytes(use.memory_total_bytes)}${process}`;
  const gpus = use.gpus.map((gpu, i) => {
    const of = gpu.memory_total_bytes === null ? '' : ` of ${formatBytes(gpu.memory_total_bytes)}`;
    return `GPU ${i} ${Math.round(gpu.percent)} %, ${formatBytes(gpu.memory_bytes)}${of}`;
  });
  return [`CPU ${Math.round(use.cpu_percent)} %`, memory, ...gpus];
}
