import type { Notice } from '../../actors/notice.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import type { RoomView } from '../../actors/room/room-view.js';

export type GameNotice = Notice<RoomEvent, RoomView>;
export type AppliedNotice = Extract<GameNotice, { kind: 'applied' }>;
