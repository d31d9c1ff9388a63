import { describe, expect, test } from 'vitest';
import { differences } from './compare.js';
import { type Line, loadRecording, scenarioNames } from './recording.js';
import { type Heard, replay } from './replay.js';
import { REWRITE_RULES } from './rewrite-rules.js';

const only = process.env['ONLY'];
describe('recorded conversations', () => {
  test.for(scenarioNames().filter((n) => only === undefined || n === only))('%s', async (scenario) => {
    const used = new Map<string, number>();
    const rules = REWRITE_RULES.filter(({ scenarios }) => scenarios.includes(scenario));
    const lines = loadRecording(scenario);
    for (const { id, rewrite } of rules) if (rewrite) used.set(id, rewrite(lines));
    const allows = (event: string, path: string): boolean => {
      const rule = rules.find(({ adds }) => adds?.(event, path));
      if (rule) used.set(rule.id, (used.get(rule.id) ?? 0) + 1);
      return rule !== undefined;
    };
    const { heard, stalledAt } = await replay(loadRecording(scenario), lines);
    const found: string[] = [];
    let count = 0;
    for (const [conn, actual] of heard) {
      const expected = lines.filter(
        (l: Line): l is Extract<Line, { kind: 'gets' | 'closed' }> =>
          l.conn === conn && (l.kind === 'gets' || l.kind === 'closed'),
      ) as Heard[];
      count += expected.length;
      found.push(...differences(expected, actual, allows).map((s) => `${conn}: ${s}`));
    }
    console.log(
      scenario,
      count,
      JSON.stringify(stalledAt)?.slice(0, 200),
      [...used].map(([k, v]) => `${k}=${v}`).join(', '),
      'unused:',
      rules
        .filter((r) => !(used.get(r.id)! > 0))
        .map((r) => r.id)
        .join(),
    );
    console.log(found.slice(0, 14).join('\n').slice(0, 3500));
    expect(found).toEqual([]);
  });
});
