// Which delegate TensorFlow Lite's benchmark_model says that it ran on. Sources: the log lines of
// tensorflow/lite/tools/ benchmark/benchmark_tflite_model.cc and of the delegates' own factories.
import type { RawReport } from './reported.ts';

/** `Explicitly applied GPU delegate`, `Created TensorFlow Lite XNNPACK delegate for CPU`, `Created TensorFlow Lite
 * delegate for NNAPI`, `Loaded delegate from /usr/lib/libedgetpu.so` */
const patterns = [
  /\bapplied (\w+) delegate\b/gi,
  /\bCreated TensorFlow Lite (\w+) delegate for \w+/g,
  /\bCreated TensorFlow Lite delegate for (\w+)/g,
  /\bLoaded delegate from (?:\S*\/)?(?:lib)?([\w-]+)/g,
];

/** Total. What it says of no delegate is not known: old versions are silent about the one that they use.
 * @returns `delegate` with the names in order of the alphabet, joined by `+`; `executionProvider` where one of them is
 * not for the CPU */
export function parseDelegates(text: string): Pick<RawReport, 'delegate' | 'executionProvider'> {
  const found = new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name!)));
  const names = [...found].sort();
  if (names.length === 0) return {};
  const other = names.find((name) => !/^xnnpack$/i.test(name));
  return { delegate: names.join('+'), ...(other === undefined ? {} : { executionProvider: other }) };
}
