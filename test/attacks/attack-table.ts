import { KINDS } from './attack.js';
import { ATTACKS } from './attacks.js';

/** The attacks as docs/SECURITY.md lists them. */
export function attackTable(): string {
  return Object.entries(KINDS)
    .flatMap(([kind, title]) => [
      `### ${title}`,
      '',
      '| attack | the attacker | gets | where that stands |',
      '| --- | --- | --- | --- |',
      ...ATTACKS.filter((attack) => attack.kind === kind).map(
        ({ name, does, expected, by }) =>
          `| \`${name}\` | ${does} | ${expected.map(outcome).join(', ')} | ${place(by)} |`,
      ),
      '',
    ])
    .join('\n')
    .trimEnd();
}

/** What is on the wire is set apart from what is said of it. */
function outcome(text: string): string {
  return /^(?:\d{3}|closed.*|error .*|room_closed .*|[a-z_]+)$/.test(text) ? `\`${text}\`` : text;
}

function place(by: string): string {
  return by.includes('/') ? `[${by}](../${by})` : by;
}
