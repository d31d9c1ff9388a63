import { spawnSync } from 'node:child_process';
import { setPriority } from 'node:os';

/** For a process that stands for other machines: of this one it gets what all others leave over, also while it ends. */
export function standBack(pid: number): void {
  const { status } = spawnSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(pid)]);
  if (status !== 0) setPriority(pid, 19); // no Linux
}
