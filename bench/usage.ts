/** What a process has used; memory after a full collection, CPU since it started. */
export interface Usage {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly cpuUs: number; // before the collection, which is not the server's own doing
  readonly cpuAfterUs: number;
  readonly roomsInMemory: number;
}

/** Of this process, which runs with `--expose-gc`. */
export function usage(roomsInMemory: number): Usage {
  const cpuUs = totalCpuUs();
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external, cpuUs, cpuAfterUs: totalCpuUs(), roomsInMemory };
}

function totalCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
