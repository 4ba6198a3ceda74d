// Whether ONNX Runtime's native library can work on a system, told before it is loaded: on some it does not load, and
// on others it ends the process without a word. Sources: tried under emulation; glibc: the symbols that its Linux
// builds ask for.
import type { SystemFiles } from '../device/system-files.ts';

export interface NativeFacts {
  readonly arch: string;
  /** Version of glibc, such as `2.36`; undefined: musl, or not known. */
  readonly glibc: string | undefined;
  readonly files: SystemFiles;
}

const leastGlibc = [2, 28] as const;

/** Why the native library cannot work, with what works instead; undefined: nothing is known against it. */
export function nativeProblem({ arch, glibc, files }: NativeFacts): string | undefined {
  const [major, minor] = (glibc ?? '').split('.').map(Number);
  const isOld = major !== undefined && minor !== undefined && major === leastGlibc[0] && minor < leastGlibc[1];
  if (isOld) {
    return (
      `its native library needs glibc ${leastGlibc.join('.')}; this system has ${glibc} (as on JetPack 4). What works ` +
      'here: --runtime onnxruntime-web, tensorrt, tflite or command; or a newer system'
    );
  }
  const cpuinfo = files.text('proc/cpuinfo');
  // It looks for these and ends with a segmentation fault where they are not.
  if (arch === 'arm64' && cpuinfo !== undefined && !/^CPU implementer\s*:/m.test(cpuinfo)) {
    return (
      '/proc/cpuinfo has no ARM fields (CPU implementer, CPU part), as in an emulated container: its native library ' +
      'crashes there. Measure on the device itself, outside the emulator, or with --runtime onnxruntime-web'
    );
  }
  return undefined;
}

/** glibc that this process runs on; undefined on musl. */
export function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
