// What a reload needs to come back to the same place. The seat itself is bound to the session's cookie.

const KEY = 'play';

/** @returns {{ name: string, roomId: string | null }} */
export function loadRecord() {
  try {
    const { name, roomId } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return { name: typeof name === 'string' ? name : '', roomId: typeof roomId === 'string' ? roomId : null };
  } catch {
    // Storage is forbidden or was edited by hand: the player just starts at the name page.
    return { name: '', roomId: null };
  }
}

export function saveRecord({ name, roomId }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ name, roomId }));
  } catch {
    // Without storage everything works but the way back after a reload.
  }
}
