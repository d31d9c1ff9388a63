// Deals every round again from the opened seed (docs/REPLAYS.md has the algorithm). Pure but for Web Crypto.

const KINDS = ['GENERAL', 'ADVISOR', 'ELEPHANT', 'CHARIOT', 'HORSE', 'CANNON', 'SOLDIER'];
const COPIES = { GENERAL: 1, SOLDIER: 5 };
/** All 32 pieces as the wire writes them, dearest first. */
const FULL_SET = KINDS.flatMap((kind, index) =>
  ['RED', 'BLACK'].flatMap((color, black) =>
    Array.from({ length: COPIES[kind] ?? 2 }, () => `${kind}_${color}(${14 - 2 * index - black})`),
  ),
);
const WORD_RANGE = 2 ** 32;

async function sha256(text) {
  return new DataView(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** @returns {Promise<string>} in hex */
async function commitmentOf(seed) {
  const digest = await sha256(seed);
  return Array.from({ length: 32 }, (_, index) => digest.getUint8(index).toString(16).padStart(2, '0')).join('');
}

/** @returns {Promise<string[][]>} the four hands of a deal, in the order dealt */
async function dealAgain(seed, round, deal) {
  let block;
  let counter = 0;
  let offset = 32;
  const word = async () => {
    if (offset === 32) {
      block = await sha256(`${seed}/deal/${round}/${deal}/${counter++}`);
      offset = 0;
    }
    offset += 4;
    return block.getUint32(offset - 4);
  };
  const below = async (n) => {
    let value = await word();
    while (value >= WORD_RANGE - (WORD_RANGE % n)) value = await word();
    return value % n;
  };
  const pieces = [...FULL_SET];
  for (let last = 31; last > 0; last -= 1) {
    const drawn = await below(last + 1);
    [pieces[last], pieces[drawn]] = [pieces[drawn], pieces[last]];
  }
  return [0, 1, 2, 3].map((seat) => pieces.filter((_, index) => index % 4 === seat));
}

/**
 * @param record the body of `/api/replay/…`
 * @param {{ commitment: string } | null} noted what this browser saw before the end
 * @returns {Promise<{ seedFits: boolean, notedFits: boolean | null, deals: number, wrong: { round: number, deal: number }[] }>}
 */
export async function checkFairness(record, noted) {
  const commitment = await commitmentOf(record.seed);
  const deals = record.rounds.flatMap(({ round, deals: dealt }) => dealt.map((each) => ({ ...each, round })));
  const wrong = [];
  for (const { round, deal, hands } of deals) {
    const again = await dealAgain(record.seed, round, deal);
    if (JSON.stringify(again) !== JSON.stringify(hands)) wrong.push({ round, deal });
  }
  return {
    seedFits: commitment === record.commitment,
    notedFits: noted === null ? null : noted.commitment === commitment,
    deals: deals.length,
    wrong,
  };
}
