import type { Outcome } from '../persistence/journal.js';
import type { HoldRow, RowChange } from '../persistence/rows.js';
import { decided, writeRows } from './appends.js';
import { type Cause, letter } from './envelope.js';
import { EVERY_ROOM, releaseRow } from './holds.js';
import { OperationRefused } from './operation-refused.js';
import { JournalCorrupt, recover } from './recovery.js';
import { restoreAppend } from './restore.js';
import type { DomainEvent, Message, RoomSnapshot, Untimed, Viewer } from './room-definition.js';
import type { RoomKeeper, RoomsPorts } from './room-keeper.js';
import type { Notice } from './notice.js';
import { marked, noStepMark } from './step-mark.js';

interface RoomOperationsPorts<S, M extends Message, E extends DomainEvent, V> extends RoomsPorts<S, M, E, V> {
  readonly keeper: RoomKeeper<S, M, E, V>;
  readonly durableSnapshot: (
    roomId: string,
  ) => Promise<{ readonly seq: number; readonly snapshot: RoomSnapshot<S> } | null>;
  readonly publish: (notice: Notice<E, V>) => void;
  readonly subscribe: (listener: (notice: Notice<E, V>) => void) => () => void;
  readonly viewer: (snapshot: RoomSnapshot<S>) => (viewer: Viewer) => V;
  readonly ownCause: (what: string) => Cause;
}

/**
 * What operators do to rooms: hold and release them, set them back, look after their dead letters. What can't be done is
 * refused with a sentence, and then nothing has changed.
 */
export class RoomOperations<S, M extends Message, E extends DomainEvent, V> {
  readonly #ports: RoomOperationsPorts<S, M, E, V>;

  constructor(ports: RoomOperationsPorts<S, M, E, V>) {
    this.#ports = ports;
  }

  /** The room takes nothing until `resume`; what players send waits on the disk. @throws OperationRefused */
  async pause(roomId: string, why: string): Promise<void> {
    const { keeper } = this.#ports;
    this.#mustBeOpen(roomId);
    const own = keeper.holds.own(roomId);
    if (own !== null) throw new OperationRefused(`Room ${roomId} is ${own.kind} already`);
    await this.#setHold({ roomId, kind: 'paused', since: this.#ports.now(), why, seq: null });
  }

  /** Ends a pause or a quarantine. The room's clocks go on where they stood. @throws OperationRefused */
  async resume(roomId: string): Promise<void> {
    const { keeper } = this.#ports;
    this.#mustBeOpen(roomId);
    const hold = keeper.holds.own(roomId);
    if (hold === null) throw new OperationRefused(`Room ${roomId} is neither paused nor quarantined`);
    if (keeper.holds.own(EVERY_ROOM) !== null) throw new OperationRefused('All rooms are paused: resume them first');
    keeper.policy.forget(roomId);
    const actor = await keeper.ready(roomId);
    // Before its clocks go on: its deadline may ring at once.
    keeper.holds.drop(roomId);
    if (!(await actor.release(releaseRow(roomId)))) {
      keeper.holds.keep(hold);
      throw new OperationRefused(`Room ${roomId} could not be released: it crashed again, or the store is away`);
    }
    this.#ports.publish({ kind: 'released', roomId, cause: this.#ports.ownCause('released') });
  }

  /**
   * Knows a room that came into the store from elsewhere, with the hold that came before it. It runs when resumed.
   * @throws OperationRefused
   */
  async adopt(hold: HoldRow): Promise<void> {
    const { roomId } = hold;
    const { keeper, engine } = this.#ports;
    const row = await engine.row('rooms', roomId);
    if (row === null) throw new OperationRefused(`There is no room ${roomId}`);
    keeper.holds.keep(hold);
    keeper.directory.add(roomId, row.code);
    const seen = await this.#ports.durableSnapshot(roomId);
    if (seen === null) throw new OperationRefused(`Room ${roomId} is listed but has no journal`);
    const [head] = await engine.heads([roomId]);
    this.#ports.publish({
      kind: 'restored',
      roomId,
      seq: seen.seq,
      at: head?.at ?? row.updatedAt,
      rows: [{ kind: 'put', table: 'rooms', key: roomId, values: row }],
      view: this.#ports.viewer(seen.snapshot),
      cause: this.#ports.ownCause('adopt'),
    });
  }

  /** No room takes anything until `resumeAll`. @throws OperationRefused */
  async pauseAll(why: string): Promise<void> {
    const { keeper } = this.#ports;
    if (keeper.holds.own(EVERY_ROOM) !== null) throw new OperationRefused('All rooms are paused already');
    await this.#setHold({ roomId: EVERY_ROOM, kind: 'paused', since: this.#ports.now(), why, seq: null });
  }

  /** @throws OperationRefused, StoreFailure */
  async resumeAll(): Promise<void> {
    const { keeper, engine, outages, now } = this.#ports;
    const hold = keeper.holds.own(EVERY_ROOM);
    if (hold === null) throw new OperationRefused('The rooms are not paused');
    // The pause is an outage: each room moves its clocks by it when it is next touched.
    const outage = { from: hold.since, to: now() };
    await engine.recordOutage(outage);
    outages.add(outage);
    if (!(await keeper.holds.release(EVERY_ROOM))) throw new OperationRefused('The store is away: nothing was resumed');
    for (const [roomId, actor] of keeper.live) {
      if (keeper.holds.own(roomId) === null) void actor.release(null);
    }
    await keeper.armDeadlines();
    keeper.wakeWaiting();
  }

  /** Ends a room by its own rules: players are told, and its history stays. @throws OperationRefused */
  async close(roomId: string): Promise<void> {
    const { definition, ownCause } = this.#ports;
    const notice = await this.#deliver(roomId, definition.closing(), ownCause('close'));
    if (notice.kind === 'applied') return;
    const why = notice.kind === 'refused' ? notice.refusal.sentence : 'it could not take that now';
    throw new OperationRefused(`Room ${roomId} was not closed: ${why}`);
  }

  /** Rebuilds a room from its journal; what waits for it goes on waiting. @throws OperationRefused */
  async restartRoom(roomId: string): Promise<void> {
    const { keeper } = this.#ports;
    this.#mustBeOpen(roomId);
    const actor = keeper.live.get(roomId);
    if (actor === undefined) return; // on the disk: the next message rebuilds it anyway
    actor.suspend();
    await actor.settled();
    await keeper.rebuild(roomId);
  }

  /** Writes a snapshot of a room's durable state. @throws OperationRefused */
  async snapshotRoom(roomId: string): Promise<void> {
    const { keeper } = this.#ports;
    this.#mustBeOpen(roomId);
    const actor = await keeper.ready(roomId);
    await actor.settled();
    const append = actor.snapshotAppend();
    if (append !== null) this.#mustCommit(await decided(this.#ports.writer, append));
  }

  /**
   * Sets a room back to the state after one of its entries, by an entry of its own: nothing is deleted. Its clocks are
   * moved to now. Works for rooms that are quarantined or closed as well. A quarantine ends with it, a pause does not.
   * @throws OperationRefused
   * @returns the number of the new entry
   */
  async restore(roomId: string, toSeq: number): Promise<{ readonly seq: number }> {
    const { keeper, engine, definition, writer, now, stepMark = noStepMark } = this.#ports;
    const actor = await keeper.halt(roomId);
    try {
      const [head] = await engine.heads([roomId]);
      if (head === undefined) throw new OperationRefused(`There is no room ${roomId}`);
      const target = await recover(engine, definition, roomId, toSeq);
      if (target?.seq !== toSeq) throw new OperationRefused(`Room ${roomId} has no entry ${toSeq} to go back to`);
      const before = actor.durable?.snapshot ?? (await this.#stateBefore(roomId));
      const hold = keeper.holds.own(roomId);
      const staysPaused = hold?.kind === 'paused';
      const { append, recovered } = marked(stepMark, roomId, () =>
        restoreAppend({ definition, head, target, before, now: now(), staysPaused }),
      );
      const outcome = await decided(writer, append);
      if (outcome.kind === 'conflict') {
        throw new OperationRefused(`Room ${roomId} can't go back: another open room has its code, or it moved on`);
      }
      this.#mustCommit(outcome);
      if (!staysPaused) keeper.holds.drop(roomId);
      const { seq, at, runner } = recovered;
      const cause = this.#ports.ownCause('restore');
      const view = this.#ports.viewer(runner.snapshot);
      const { rows } = append;
      if (definition.isClosed(runner.snapshot)) keeper.forget(roomId);
      else {
        const row = await engine.row('rooms', roomId);
        if (row !== null) keeper.directory.add(roomId, row.code);
        const still = keeper.holds.of(roomId); // its own pause, or that of every room
        if (still === null) await actor.release(null);
        else actor.hold(still);
        actor.start(recovered);
      }
      this.#ports.publish({ kind: 'restored', roomId, seq, at, rows, view, cause });
      return { seq };
    } catch (failure) {
      if (!keeper.directory.has(roomId)) keeper.forget(roomId);
      else if (keeper.live.get(roomId) === actor) await keeper.rebuild(roomId);
      throw failure;
    }
  }

  /**
   * Gives a dead letter to its room once more.
   * @throws OperationRefused
   */
  async retryDeadLetter(id: string): Promise<'applied' | 'refused' | 'deadLetter' | 'unavailable'> {
    const row = await this.#ports.engine.row('deadLetters', id);
    if (row === null) throw new OperationRefused(`There is no dead letter ${id}`);
    const { session, messageId } = row;
    const cause = { ...this.#ports.ownCause('retry'), session, messageId };
    const message = JSON.parse(row.message) as Untimed<M>;
    const removal: RowChange = { kind: 'delete', table: 'deadLetters', key: id };
    const notice = await this.#deliver(row.roomId, message, cause, [removal]);
    if (notice.kind === 'applied' || notice.kind === 'repeated') return 'applied';
    if (notice.kind === 'refused') return 'refused';
    return notice.kind === 'unavailable' && notice.why === 'failed' ? 'deadLetter' : 'unavailable';
  }

  /** @throws OperationRefused */
  async dropDeadLetter(id: string): Promise<void> {
    const { engine, writer } = this.#ports;
    const row = await engine.row('deadLetters', id);
    if (row === null) throw new OperationRefused(`There is no dead letter ${id}`);
    const dropped = await writeRows(writer, row.roomId, [{ kind: 'delete', table: 'deadLetters', key: id }]);
    if (!dropped) throw new OperationRefused('The store is away: nothing was dropped');
  }

  /**
   * Has a room take a message that an operator sends or sends again.
   * @param settles what goes with the message once it has taken effect
   * @throws OperationRefused where something holds the room: the message would wait, and the operator with it
   */
  #deliver(
    roomId: string,
    message: Untimed<M>,
    cause: Cause,
    settles: readonly RowChange[] = [],
  ): Promise<Notice<E, V>> {
    const { keeper, publish } = this.#ports;
    this.#mustBeOpen(roomId);
    const hold = keeper.holds.of(roomId);
    if (hold !== null) throw new OperationRefused(`Room ${roomId} is ${hold.kind}: resume it first`);
    const lane = cause.session === null ? 'system' : 'player'; // only operators speak without a session
    const bytes = JSON.stringify(message).length;
    const envelope = letter<M>({ kind: 'message', message }, cause, { lane, bytes });
    envelope.settles.push(...settles);
    const answer = this.#answerTo(cause);
    const offer = keeper.awake(roomId).tell(envelope);
    if (offer.kind === 'refused') publish({ kind: 'unavailable', why: 'mailboxFull', roomId, cause });
    return answer;
  }

  #mustBeOpen(roomId: string): void {
    const { keeper } = this.#ports;
    if (!keeper.directory.has(roomId)) throw new OperationRefused(`There is no open room ${roomId}`);
  }

  #mustCommit(outcome: Outcome): void {
    if (outcome.kind !== 'committed') throw new OperationRefused('The store is away: nothing was written');
  }

  async #setHold(row: HoldRow): Promise<void> {
    const { keeper } = this.#ports;
    const durable = keeper.holds.set(row);
    const one = keeper.live.get(row.roomId);
    const held = row.roomId === EVERY_ROOM ? [...keeper.live.values()] : one === undefined ? [] : [one];
    for (const actor of held) actor.hold(row);
    if (await durable) {
      await Promise.all(held.map((actor) => actor.settled()));
      return;
    }
    keeper.holds.drop(row.roomId);
    for (const actor of held) void actor.release(null);
    throw new OperationRefused('The store is away: nothing was paused');
  }

  async #stateBefore(roomId: string): Promise<RoomSnapshot<S> | null> {
    try {
      return (await this.#ports.durableSnapshot(roomId))?.snapshot ?? null;
    } catch (failure) {
      if (failure instanceof JournalCorrupt) return null; // its rows are then made anew from the restored state
      throw failure;
    }
  }

  #answerTo(cause: Cause): Promise<Notice<E, V>> {
    return new Promise((resolve) => {
      const stop = this.#ports.subscribe((notice) => {
        if (notice.cause !== cause) return;
        stop();
        resolve(notice);
      });
    });
  }
}
