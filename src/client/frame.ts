/** One message of the server (protocol.md 1.2). */
export interface Frame {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `extra` names top-level members beside `event` and `data`: there must be none, but a frame with some can be read. */
export type ReadFrame =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly extra: readonly string[] }
  | { readonly kind: 'unreadable'; readonly why: string };

export function readFrame(text: string): ReadFrame {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words point into the text and help nobody.
    return unreadable('it is not JSON');
  }
  if (!isRecord(json)) return unreadable('it is not an object');
  const { event, data, ...rest } = json;
  if (typeof event !== 'string') return unreadable('its event is not a string');
  if (!isRecord(data)) return unreadable(`the data of ${event} is not an object`);
  return { kind: 'frame', frame: { event, data }, extra: Object.keys(rest) };
}

/** The id of the message that caused the frame, if one of ours did (protocol.md 7.4). */
export function inReplyTo(frame: Frame): string | undefined {
  return textIn(frame.data, 'in_reply_to');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textIn(data: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = data[key];
  return typeof value === 'string' ? value : undefined;
}

function unreadable(why: string): ReadFrame {
  return { kind: 'unreadable', why };
}
