import { type Runtime, Session } from 'node:inspector';

/**
 * Evaluates an expression in the main thread, from a worker, even while a loop keeps that thread: the one thing that
 * gets through is the inspector. Code that blocks outside JavaScript answers when it is done. The session is as short
 * as can be, since a process that exits waits for open ones.
 */
export function evaluateInMainThread(expression: string): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  return new Promise((resolve, reject) => {
    const parameters: Runtime.EvaluateParameterType = { expression, returnByValue: true };
    session.post('Runtime.evaluate', parameters, (failure, answer) => {
      session.disconnect();
      if (failure === null) resolve(String(answer.result.value));
      else reject(failure);
    });
  });
}
