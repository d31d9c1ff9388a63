import type { RoomView, SeatView } from '../../../actors/room/room-view.js';
import { type Column, sheet, table } from '../table.js';
import { countText, timeText } from './units.js';

interface SeatLine {
  readonly seat: number;
  readonly taken: SeatView | null;
  readonly view: RoomView;
}

/** A room as somebody sees it, for people: what it does, who sits where, and how the game stands. */
export function roomLines(view: RoomView, width: number): string[] {
  const { leaf, awaiting, game } = view;
  const pairs: (readonly [string, string])[] = [['machine', leaf]];
  if (game !== null) {
    const deals = game.deal > 1 ? `, deal ${game.deal}, scores times ${game.multiplier}` : '';
    pairs.push(['round', `${game.round}${deals}`]);
    if (game.turn !== null) {
      const { number, leader, plays, winner } = game.turn;
      const won = winner === null ? '' : `, won by seat ${winner}`;
      pairs.push(['turn', `${number}, led by seat ${leader}, ${countText(plays.length, 'play')}${won}`]);
    }
  }
  if (awaiting !== null) {
    pairs.push([
      'waits for',
      `${awaiting.what} of seat ${awaiting.seats.join(', ')} since ${timeText(awaiting.since)}`,
    ]);
  }
  const seats = view.seats.map((taken, seat): SeatLine => ({ seat, taken, view }));
  return [...sheet(pairs), '', ...table(game === null ? SEATED : [...SEATED, ...PLAYING], seats, width)];
}

const SEATED: readonly Column<SeatLine>[] = [
  { head: 'SEAT', cell: ({ seat }) => String(seat), align: 'right' },
  { head: 'NAME', cell: ({ taken }) => taken?.name ?? '-' },
  { head: 'WHO', cell: whoText },
];

const PLAYING: readonly Column<SeatLine>[] = [
  { head: 'SCORE', cell: ({ seat, view }) => String(view.game!.scores[seat as 0]), align: 'right' },
  { head: 'DECLARED', cell: ({ seat, view }) => String(view.game!.declarations[seat as 0] ?? '-'), align: 'right' },
  { head: 'PILES', cell: ({ seat, view }) => String(view.game!.piles[seat as 0]), align: 'right' },
  { head: 'HAND', cell: handText, drop: 1 },
];

function whoText({ seat, taken, view }: SeatLine): string {
  if (taken === null) return 'free';
  const who = !taken.isPerson ? 'bot' : taken.awaySince === null ? 'person' : 'person, away: a bot plays';
  return view.host === seat ? `${who}, host` : who;
}

/** Own pieces by their names, as far as the viewer sees them: `GENERAL_RED SOLDIER_BLACK×2`. */
function handText({ seat, view }: SeatLine): string {
  const { hands, handSizes } = view.game!;
  const hand = hands[seat as 0];
  if (hand === null) return `${countText(handSizes[seat as 0], 'piece')}, hidden`;
  const counts = new Map<string, number>();
  for (const piece of hand) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const names = [...counts].map(([piece, count]) => (count === 1 ? piece : `${piece}×${count}`));
  return names.length === 0 ? 'empty' : names.join(' ');
}
