// What keeps ONNX Runtime to itself. Its Linux library of 1.30 carries a telemetry client that is on unless the
// variable is set before the library loads: it writes a device id and a database below ~/.cache/Microsoft and, seconds
// later, looks names up to send events. Whoever loads the library, or starts a program that might (a command's Python
// packages carry the same library), passes through here; the caller's own environment is overruled.

/** Variables of every process of ours that may hold ONNX Runtime. */
export const quietEnvironment = { ORT_DISABLE_TELEMETRY: '1' } as const;

/** Loads a package that holds ONNX Runtime, in silence.
 * @param load does it, as by `require`
 * @param environment the variables of this process: changes of them reach native code */
export function loadQuietly<T>(load: () => T, environment: Record<string, string | undefined>): T {
  Object.assign(environment, quietEnvironment);
  return load();
}
