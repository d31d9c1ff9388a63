import type { Act, Script } from './script.js';

/** Whether a script breaks the same promise; `used` is how many of its acts it took, the last one maybe in part. */
export type Try = (script: Script) => { readonly used: readonly Act[] } | null;

/**
 * A script that fails as well and has nothing left that could be taken away: without acts, with shorter stretches.
 * @param tries scripts to be tried at most
 */
export function shrink(script: Script, fails: Try, tries = 1_500): Script {
  let best = script;
  let left = tries;
  const attempt = (acts: readonly Act[]): boolean => {
    if (left-- <= 0) return false;
    const tried = { ...best, acts: joined(acts) };
    const failure = fails(tried);
    if (failure === null) return false;
    best = { ...tried, acts: joined(failure.used) };
    return true;
  };
  attempt(script.acts);
  quietly(script, attempt);
  for (let before = ''; before !== JSON.stringify(best.acts) && left > 0; ) {
    before = JSON.stringify(best.acts);
    withoutRuns(() => best.acts, attempt);
    withoutMessages(() => best.acts, attempt);
    withShorterStretches(() => best.acts, attempt);
  }
  return best;
}

type Attempt = (acts: readonly Act[]) => boolean;

/** Many a mistake needs nobody who does wrong: the game only has to go on for long enough. */
function quietly({ acts }: Script, attempt: Attempt): void {
  const steps = acts.reduce((sum, act) => sum + (act.kind === 'goOn' ? act.steps : 1), 0);
  if (acts.some(({ kind }) => kind === 'upgrade')) {
    attempt([{ kind: 'goOn', steps }, { kind: 'upgrade' }, { kind: 'goOn', steps }]);
    return;
  }
  attempt([{ kind: 'goOn', steps: steps * 2 }]);
}

/** Delta debugging: halves, quarters and so on are left out. */
function withoutRuns(acts: () => readonly Act[], attempt: Attempt): void {
  for (let size = Math.ceil(acts().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < acts().length; ) {
      const without = [...acts().slice(0, from), ...acts().slice(from + size)];
      if (!attempt(without)) from += size;
    }
  }
}

/** A message in the middle of a stretch may be one of the stretch itself. */
function withoutMessages(acts: () => readonly Act[], attempt: Attempt): void {
  for (let index = 0; index < acts().length; index++) {
    if (acts()[index]!.kind === 'goOn') continue;
    attempt([...acts().slice(0, index), { kind: 'goOn', steps: 1 }, ...acts().slice(index + 1)]);
  }
}

function withShorterStretches(acts: () => readonly Act[], attempt: Attempt): void {
  for (let index = 0; index < acts().length; index++) {
    const act = acts()[index]!;
    if (act.kind !== 'goOn') continue;
    for (let cut = Math.ceil(act.steps / 2); cut >= 1; cut = cut === 1 ? 0 : Math.ceil(cut / 2)) {
      for (;;) {
        const now = acts()[index];
        if (now?.kind !== 'goOn' || now.steps <= cut) break;
        const shorter: Act = { kind: 'goOn', steps: now.steps - cut };
        if (!attempt([...acts().slice(0, index), shorter, ...acts().slice(index + 1)])) break;
      }
    }
  }
}

/** Neighbouring stretches are one. */
function joined(acts: readonly Act[]): Act[] {
  const result: Act[] = [];
  for (const act of acts) {
    const last = result.at(-1);
    if (act.kind === 'goOn' && last?.kind === 'goOn') {
      result[result.length - 1] = { kind: 'goOn', steps: last.steps + act.steps };
    } else if (act.kind !== 'goOn' || act.steps > 0) result.push(act);
  }
  return result;
}
