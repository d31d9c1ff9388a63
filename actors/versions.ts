import type { DomainEvent, MachineVersion, Message, RoomDefinition, RoomSnapshot } from './room-definition.js';

/** A journal or snapshot of a machine version that this program does not have: older than all it knows, or newer. */
export class MachineVersionUnknown extends Error {
  override readonly name = 'MachineVersionUnknown';

  constructor(definition: { readonly name: string; readonly version: number }, version: number) {
    super(`Version ${version} of ${definition.name} is not known here; the current one is ${definition.version}`);
  }
}

/**
 * The machine registry: the current version and those before it that entries may still need.
 * @throws MachineVersionUnknown
 */
export function machineOf<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  version: number,
): MachineVersion {
  const known = [asVersion(definition), ...definition.previous].find((machine) => machine.version === version);
  if (known === undefined) throw new MachineVersionUnknown(definition, version);
  return known;
}

/** The current machine as one of the registry: its own messages are all it is ever given. */
function asVersion<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
): MachineVersion {
  return definition;
}

/** Brings a state step by step from one version to a later one. @throws MachineVersionUnknown */
export function upcastSnapshot<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  snapshot: RoomSnapshot<unknown>,
  from: number,
  to = definition.version,
): RoomSnapshot<S> {
  let current = snapshot;
  for (const step of stepsBetween(definition, from, to)) current = step.snapshot(current);
  return current as RoomSnapshot<S>;
}

/** Brings a stored event to the current version, checked. @throws MachineVersionUnknown, or what the schema throws */
export function upcastEvent<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  event: unknown,
  from: number,
): E {
  let current = event;
  for (const step of stepsBetween(definition, from, definition.version)) current = step.event(current);
  return definition.event.parse(current);
}

function* stepsBetween<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  from: number,
  to: number,
) {
  if (from > to) throw new MachineVersionUnknown(definition, from);
  for (let version = from; version < to; version++) {
    const step = definition.upcasters[version];
    if (step === undefined) throw new MachineVersionUnknown(definition, version);
    yield step;
  }
}
