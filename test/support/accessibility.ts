import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/**
 * What axe-core finds serious or critical on a page as it is shown now, light and dark: one line for each element.
 * Colours are all that differs between the schemes, so that the second pass looks at them alone.
 */
export async function seriousFindings(page: Page, screen: string): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source);
  const findings: string[] = [];
  for (const [colorScheme, rules] of [
    ['light', '{}'],
    ['dark', `{ runOnly: ['color-contrast'] }`],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<{ violations: Violation[] }>(`axe.run(document, ${rules})`);
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      findings.push(
        ...nodes.map(
          ({ target, failureSummary }) => `${screen}, ${colorScheme}: ${id} at ${target.join(' ')}: ${failureSummary}`,
        ),
      );
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return findings;
}
