import { type Attack, type Kind, KINDS, type ListedAttack } from './attack.js';
import { FILE_ATTACKS } from './kinds/files.js';
import { FISHING_ATTACKS } from './kinds/fishing.js';
import { FLOOD_ATTACKS } from './kinds/floods.js';
import { FRAME_ATTACKS } from './kinds/frames.js';
import { HTTP_ATTACKS } from './kinds/http.js';
import { MESSAGE_ATTACKS } from './kinds/messages.js';
import { NAME_ATTACKS } from './kinds/names.js';
import { OPERATOR_ATTACKS } from './kinds/operators.js';
import { PACKED_ATTACKS } from './kinds/packed.js';
import { PAGE_ATTACKS } from './kinds/pages.js';
import { SEAT_ATTACKS } from './kinds/seats.js';
import { SLOW_ATTACKS } from './kinds/slow.js';

const BY_KIND: Readonly<Record<Kind, readonly Attack[]>> = {
  floods: FLOOD_ATTACKS,
  slow: SLOW_ATTACKS,
  messages: MESSAGE_ATTACKS,
  packed: PACKED_ATTACKS,
  frames: FRAME_ATTACKS,
  http: HTTP_ATTACKS,
  seats: SEAT_ATTACKS,
  fishing: FISHING_ATTACKS,
  names: NAME_ATTACKS,
  pages: PAGE_ATTACKS,
  files: FILE_ATTACKS,
  operators: OPERATOR_ATTACKS,
};

/** All attacks, in the order of the kinds. */
export const ATTACKS: readonly ListedAttack[] = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
  BY_KIND[kind].map((attack) => ({ ...attack, kind })),
);
