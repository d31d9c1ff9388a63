import type { HealthChange } from './health-report.js';
import type { OperatorAlert } from './operator-alerts.js';

/**
 * Checks whose trouble operators hear of in another way, so that one incident is told once: `journal` as `store`,
 * `rooms` as `room/<id>` of each quarantined room. That alerts are not delivered nobody can be told by an alert.
 */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['journal', 'rooms', 'alerts']);

/** @returns null where another alert tells of it */
export function alertOfHealth({ name, ok, detail, severity }: HealthChange): OperatorAlert | null {
  if (TOLD_OTHERWISE.has(name)) return null;
  const state = ok ? 'resolved' : 'firing';
  return { key: `health/${name}`, state, severity: severity ?? 'warning', summary: `${name}: ${detail}` };
}
