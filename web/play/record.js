// What a page keeps: its own place for a reload, the last place for a new tab, and the commitments that it has seen.

const KEY = 'play';
const COMMITMENTS = 'commitments';
const COMMITMENTS_MAX = 50;

/**
 * A tab comes back to its own place, a new tab to that of the tab that moved last. The seat itself is bound to the
 * session's cookie, which all tabs share.
 * @returns {{ name: string, roomId: string | null, rounds: object, redealEndsAt: number | null }}
 */
export function loadRecord() {
  const own = read(() => sessionStorage.getItem(KEY));
  const { name, roomId, rounds, redealEndsAt } = own ?? read(() => localStorage.getItem(KEY)) ?? {};
  return {
    name: typeof name === 'string' ? name : '',
    roomId: typeof roomId === 'string' ? roomId : null,
    rounds: typeof rounds === 'object' && rounds !== null ? rounds : {},
    redealEndsAt: typeof redealEndsAt === 'number' ? redealEndsAt : null,
  };
}

export function saveRecord({ name, roomId, rounds, redealEndsAt }) {
  const text = JSON.stringify({ name, roomId, rounds, redealEndsAt });
  write(() => {
    sessionStorage.setItem(KEY, text);
    localStorage.setItem(KEY, text);
  });
}

/** Notes a room's commitment the first time that it is seen: what comes later is held against it. */
export function noteCommitment(id, commitment, at) {
  const noted = read(() => localStorage.getItem(COMMITMENTS)) ?? [];
  if (noted.some((note) => note.id === id)) return;
  const newest = [...noted, { id, commitment, at }].slice(-COMMITMENTS_MAX);
  write(() => localStorage.setItem(COMMITMENTS, JSON.stringify(newest)));
}

/** @returns {{ commitment: string, at: number } | null} */
export function notedCommitment(id) {
  return (read(() => localStorage.getItem(COMMITMENTS)) ?? []).find((note) => note.id === id) ?? null;
}

function read(stored) {
  try {
    return JSON.parse(stored());
  } catch {
    // Storage is forbidden or was edited by hand: the page just begins anew.
    return null;
  }
}

function write(store) {
  try {
    store();
  } catch {
    // Without storage everything works but the way back after a reload.
  }
}
