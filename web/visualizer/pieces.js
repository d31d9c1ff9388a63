// Pieces as rooms name them, e.g. 'GENERAL_RED', and as people read them.

const CHARACTERS = {
  RED: { GENERAL: '帥', ADVISOR: '仕', ELEPHANT: '相', CHARIOT: '俥', HORSE: '傌', CANNON: '炮', SOLDIER: '兵' },
  BLACK: { GENERAL: '將', ADVISOR: '士', ELEPHANT: '象', CHARIOT: '車', HORSE: '馬', CANNON: '砲', SOLDIER: '卒' },
};

/** @returns {{ character: string, colour: 'red' | 'black', name: string }} */
export function pieceOf(text) {
  const [kind, colour] = text.split('_');
  return {
    character: CHARACTERS[colour]?.[kind] ?? '?',
    colour: colour === 'RED' ? 'red' : 'black',
    name: `${colour} ${kind}`.toLowerCase(),
  };
}
