// What stops the embedded stack from starting and a person can do something about: shown without a stack trace.
export class StackError extends Error {
  override readonly name = 'StackError';
}
