import { z } from 'zod';
import { isDeceptive } from './deceptive-name.js';

/**
 * What a client may say: one schema per event of protocol.md 1.6. A schema sees `data` only; unknown members are
 * stripped, because the existing frontend sends extra ones. The members stand in the order in which they are
 * checked, and each text is the one that the existing system answers: the first issue is the answer.
 */

const NAME_CHARS_MAX = 50;
const ROOM_ID_CHARS_MAX = 50;
const CLIENT_ID_CHARS_MAX = 100;
const SESSION_TOKEN_CHARS_MAX = 200;
const PIECES_MAX = 6;
const PIECE_INDEX_MAX = 31;
const DECLARATION_MAX = 8;

/** The answer to a name that nobody may sit under (protocol.md 7.4); it stands alone, without `Invalid message: `. */
export const CHOOSE_ANOTHER_NAME = 'Please choose another name';

/** Characters as the existing system counts them: code points, so that one emoji is one. */
export function longerThan(text: string, charsMax: number): boolean {
  return text.length > charsMax && (text.length > charsMax * 2 || Array.from(text).length > charsMax);
}

/** Markup and line breaks. Whoever sits already keeps any other name; to take a seat it must not deceive. */
const FORBIDDEN = /[<>&"'\n\r]/;

/** A text member with the existing system's five answers, in its order. */
function label(noun: string, charsMax: number) {
  return z
    .string({ error: (issue) => `${noun} ${issue.input == null ? 'is required' : 'must be a string'}` })
    .min(1, `${noun} cannot be empty`)
    .refine((text) => !longerThan(text, charsMax), `${noun} too long`)
    .refine((text) => !FORBIDDEN.test(text), `${noun} contains invalid characters`);
}

const playerName = label('Player name', NAME_CHARS_MAX).trim();

/**
 * A name that somebody takes a seat under. Digits only would be re-ordered as an object key by the frontend, and
 * `__proto__` can't be a key of its plain objects at all; `Bot 2` would be shown and counted as a bot.
 */
const seatName = playerName.refine(
  (name) => !/^(?:\d*|bot\s*\d+|__proto__)$/i.test(name) && !isDeceptive(name),
  CHOOSE_ANOTHER_NAME,
);

/** `null` counts as absent, as in the existing system. */
const optionalName = z.preprocess(absentIfNull, playerName.optional());

/** For the events whose names the existing system never validated: a usable name, or none. */
const nameIfUsable = playerName
  .refine((name) => name !== '')
  .optional()
  .catch(undefined);

function absentIfNull(value: unknown): unknown {
  return value === null ? undefined : value;
}

/** Adding 0 turns the -0 that JSON can express into 0, so that it can't travel on into a journal. */
function wholeNumber(noun: string) {
  const error = (issue: { input?: unknown }) => `${noun} ${issue.input == null ? 'is required' : 'must be an integer'}`;
  return z.custom<number>((value) => Number.isInteger(value), { error }).transform((value) => value + 0);
}

const declaration = wholeNumber('Declaration value').refine(
  (value) => value >= 0 && value <= DECLARATION_MAX,
  `Declaration value must be between 0 and ${DECLARATION_MAX}`,
);

const sequence = wholeNumber('Sequence number').refine((value) => value >= 0, 'Sequence number must be non-negative');

const clientId = z.preprocess(
  absentIfNull,
  z
    .string('Client ID must be a string')
    .min(1, 'Client ID cannot be empty')
    .refine((id) => !longerThan(id, CLIENT_ID_CHARS_MAX), 'Client ID too long')
    .optional(),
);

function indicesFault(indices: readonly unknown[]): string | undefined {
  if (indices.length === 0) return 'Must select at least one piece';
  if (indices.length > PIECES_MAX) return `Cannot play more than ${PIECES_MAX} pieces at once`;
  const numbers = indices.filter((index): index is number => Number.isInteger(index));
  if (numbers.length < indices.length) return 'All piece indices must be integers';
  const outside = numbers.find((index) => index < 0 || index > PIECE_INDEX_MAX);
  if (outside !== undefined) return `Piece index ${outside} out of valid range`;
  const repeated = numbers.find((index, at) => numbers.indexOf(index) !== at);
  return repeated === undefined ? undefined : `Duplicate piece index: ${repeated}`;
}

const pieceIndices = z
  .array(z.unknown(), 'Piece indices must be an array')
  .prefault([]) // absent is answered like an empty choice
  .transform((indices, context): number[] => {
    const fault = indicesFault(indices);
    if (fault === undefined) return indices.map((index) => (index as number) + 0);
    context.addIssue(fault);
    return z.NEVER;
  });

/** `2`, `"2"` and `" +2 "` are one slot; 2.5, `true` and `"two"` are none. */
function isSlotNumber(value: unknown): value is number | string {
  return Number.isInteger(value) || (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value));
}

const slotId = z
  .custom<number | string>(isSlotNumber, {
    error: (issue) => `Slot ID ${issue.input == null ? 'is required' : 'must be a number'}`,
  })
  .transform(Number)
  .refine((slot) => slot >= 1 && slot <= 4, 'Slot ID must be between 1 and 4');

const redealChoice = z
  .string('Redeal choice must be a string')
  .pipe(z.enum(['decline', 'accept'], "Invalid redeal choice. Must be one of: {'decline', 'accept'}"));

const nothing = z.object({});
const named = z.object({ player_name: playerName });

export const clientData = {
  ping: z.object({ timestamp: z.union([z.number(), z.string()]).optional().catch(undefined) }),
  request_room_list: z.object({ player_name: nameIfUsable }),
  get_rooms: z.object({ player_name: nameIfUsable }),
  client_ready: z.object({
    player_name: nameIfUsable,
    session_token: z.string().max(SESSION_TOKEN_CHARS_MAX).optional().catch(undefined),
  }),
  create_room: z.object({ player_name: seatName }),
  join_room: z.object({ player_name: seatName, room_id: label('Room ID', ROOM_ID_CHARS_MAX) }),
  get_room_state: nothing,
  remove_player: z.object({ slot_id: slotId }),
  add_bot: z.object({ slot_id: slotId }),
  leave_room: z.object({ player_name: optionalName }),
  start_game: nothing,
  declare: z.object({ player_name: playerName, value: declaration }),
  play: z.object({ player_name: playerName, piece_indices: pieceIndices }),
  play_pieces: z.object({ player_name: playerName, indices: pieceIndices }),
  request_redeal: named,
  accept_redeal: named,
  decline_redeal: named,
  redeal_decision: z.object({ player_name: playerName, choice: redealChoice }),
  player_ready: named,
  leave_game: z.object({ player_name: optionalName }),
  ack: z.object({ sequence, client_id: clientId }),
  sync_request: z.object({ client_id: clientId }),
};

export type ClientEvent = keyof typeof clientData;
type ClientData<E extends ClientEvent> = z.output<(typeof clientData)[E]>;

/** One client message of a known event; `id` is what the answers to it carry as `in_reply_to`. */
export interface ClientMessageOf<E extends ClientEvent> {
  readonly event: E;
  readonly id?: string;
  readonly data: Readonly<ClientData<E>>;
}

export type ClientMessage = { [E in ClientEvent]: ClientMessageOf<E> }[ClientEvent];

export function isClientEvent(event: string): event is ClientEvent {
  return Object.hasOwn(clientData, event);
}
