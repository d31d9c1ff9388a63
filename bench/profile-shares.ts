/** What the profiler writes, as far as it is read here. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[]; // ids of nodes
  readonly timeDeltas: readonly number[]; // before each sample
}

export interface Shares {
  readonly busy_percent: number; // of the profiled time
  readonly percent_by_folder: Readonly<Record<string, number>>; // of the busy time, largest first
  readonly percent_by_function: Readonly<Record<string, number>>; // the ten largest
}

const FUNCTIONS = 10;
const FOLDERS: readonly (readonly [RegExp, string])[] = [
  [/\/node_modules\/(@[^/]+\/[^/]+|[^/]+)\//, 'package $1'],
  [/\/(?:dist\/)?(actors\/room)\//, '$1'],
  [/\/(?:dist\/)?(src\/[\w-]+)\//, '$1'],
  [/\/(?:dist\/)?(actors|persistence|src)\//, '$1'],
  [/^node:/, 'node'],
];

/** Self times of functions, added up by where they are written. What is native stands under its own name. */
export function shareOfFolders({ nodes, samples, timeDeltas }: CpuProfile): Shares {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFolder = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let busy = 0;
  let idle = 0;
  samples.forEach((id, index) => {
    const { functionName, url } = frames.get(id)!;
    const time = timeDeltas[index]!;
    if (functionName === '(idle)') {
      idle += time;
      return;
    }
    busy += time;
    const folder = folderOf(url, functionName);
    byFolder.set(folder, (byFolder.get(folder) ?? 0) + time);
    const name = `${functionName === '' ? '(anonymous)' : functionName} of ${folder}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + time);
  });
  const percent = (times: ReadonlyMap<string, number>): Record<string, number> =>
    Object.fromEntries(
      [...times]
        .toSorted(([, a], [, b]) => b - a)
        .map(([name, time]) => [name, Number(((100 * time) / busy).toFixed(1))]),
    );
  return {
    busy_percent: Number(((100 * busy) / (busy + idle)).toFixed(1)),
    percent_by_folder: percent(byFolder),
    percent_by_function: Object.fromEntries(Object.entries(percent(byFunction)).slice(0, FUNCTIONS)),
  };
}

function folderOf(url: string, functionName: string): string {
  if (url === '') return functionName === '(garbage collector)' ? 'garbage collection' : 'native code';
  for (const [pattern, name] of FOLDERS) {
    const found = pattern.exec(url);
    if (found !== null) return name.replace('$1', found[1] ?? '');
  }
  return 'other';
}
