// Preloaded in a finder's process, in front of tsx: `node --import ./fuzz/planted/plant.mjs --import tsx …`. One module
// of the product is then read with a mistake in it (`PLANTED_BUG`); nothing is written anywhere.
import { register } from 'node:module';

const { file, find, replace } = JSON.parse(process.env['PLANTED_BUG']);
const { href: url } = new URL(`../../${file}`, import.meta.url);
register('./plant-hooks.mjs', import.meta.url, { data: { url, find, replace } });
