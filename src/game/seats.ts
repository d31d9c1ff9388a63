/** One of the four places at the table (rules.md R1.1). */
export type Seat = 0 | 1 | 2 | 3;

/** One value for each seat, by seat number. */
export type PerSeat<T> = readonly [T, T, T, T];

export const SEATS: PerSeat<Seat> = [0, 1, 2, 3];

const ORDERS: PerSeat<readonly [Seat, Seat, Seat, Seat]> = [
  [0, 1, 2, 3],
  [1, 2, 3, 0],
  [2, 3, 0, 1],
  [3, 0, 1, 2],
];

/** The order of every declaration, play and decision that begins with `first` (rules.md R1.2). */
export function seatOrderFrom(first: Seat): readonly [Seat, Seat, Seat, Seat] {
  return ORDERS[first];
}

export function nextSeat(seat: Seat): Seat {
  return ORDERS[seat][1];
}

/** The seat as people know it, `P1` to `P4` (rules.md R1.1). */
export function seatLabel(seat: Seat): string {
  return `P${seat + 1}`;
}

export function perSeat<T>(make: (seat: Seat) => T): PerSeat<T> {
  return [make(0), make(1), make(2), make(3)];
}

/** A copy of `values` in which `seat` has `value`. */
export function withSeat<T>(values: PerSeat<T>, seat: Seat, value: T): PerSeat<T> {
  const copy: [T, T, T, T] = [...values];
  copy[seat] = value;
  return copy;
}
