/** What `bench` measured, as lines of text. */
import type { Measured, SideResult } from './bench-sides';
import { alignRight } from './table';

export function formatMeasured({ stock, fused, ratio, difference }: Measured): string[] {
  const row = (
    name: string,
    of: (side: SideResult) => number | undefined,
    digits = 0,
  ): string[] => {
    const [before, after] = [of(stock), of(fused)];
    const times = before !== undefined && after ? `${(before / after).toFixed(2)}×` : '';
    return [name, ...[before, after].map((value) => value?.toFixed(digits) ?? '–'), times];
  };
  const spread = ({ timing }: SideResult): string =>
    timing ? `± ${timing.wall.iqr.toFixed(2)}` : '';
  const failures = [stock, fused].flatMap(({ backend, failure }) =>
    failure === undefined ? [] : [`${backend} cannot run it: ${failure}`],
  );
  return [
    ...alignRight([
      ['', 'webgpu', 'webgpu-fused', ''],
      row('dispatches', ({ counts }) => counts?.dispatches),
      row('MB through memory', ({ counts }) => counts && counts.trafficBytes / 1e6, 2),
      row('pipelines', ({ pipelines }) => pipelines),
      row('first call, ms', ({ firstMs }) => firstMs, 0),
      row('JavaScript, ms', ({ timing }) => timing?.js.median, 2),
      row('warm call, ms', ({ timing }) => timing?.wall.median, 2),
      ['  middle half', spread(stock), spread(fused), ratio ? `${ratio.median.toFixed(2)}×` : ''],
    ]),
    ...(difference === undefined
      ? []
      : [`largest difference ${difference.toExponential(1)} of the largest output`]),
    ...failures,
  ];
}
