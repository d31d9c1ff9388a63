import type { Frame } from './frame.js';
import { RoomLink, type RoomLinkOptions } from './room-link.js';
import { EMPTY_VIEW, viewAfter, type RoomView } from './room-view.js';

export type RoomClientOptions = RoomLinkOptions;

/** A link that also knows its room: seats, host and game as the frames so far tell them. */
export class RoomClient extends RoomLink {
  #view = EMPTY_VIEW;

  get view(): RoomView {
    return this.#view;
  }

  protected override takeIn(frame: Frame): void {
    this.#view = viewAfter(this.#view, frame, this.playerName);
  }
}
