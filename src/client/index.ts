export { type Clock, waitingClock } from '../../actors/clock.js';
export { type Acknowledgement } from './acknowledgement.js';
export { type ClientSocket, type Connect } from './client-socket.js';
export { type Frame } from './frame.js';
export { insist, type Insistence } from './insist.js';
export { request, type Command, type CommandData } from './request.js';
export { RoomClient, type RoomClientOptions } from './room-client.js';
export {
  LOBBY,
  RoomLink,
  type ClientEnd,
  type ClientListener,
  type Link,
  type RoomLinkOptions,
} from './room-link.js';
export { type GameView, type Phase, type PlayerView, type RoomView, type SeatView } from './room-view.js';
export { Session } from './session.js';
export { connectOverWs } from './ws-socket.js';
