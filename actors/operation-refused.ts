/** An operator asked for what can't be done as things stand. Nothing changed; the message says why. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}
