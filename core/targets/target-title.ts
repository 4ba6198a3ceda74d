// What a target is, in one line for people.
import type { ProfileTarget } from '#core/dataset/profile-target.ts';

/** `Raspberry Pi 5 Model B, onnxruntime 1.30.0 (cpu, 4 threads), fp32`; unknown parts are left out. */
export function targetTitle({ hardware, runtime, precision }: ProfileTarget): string {
  const threads = runtime.settings['threads'];
  const how = [
    runtime.executionProvider,
    typeof threads === 'number' ? `${threads} thread${threads === 1 ? '' : 's'}` : null,
  ].filter((part) => part !== null);
  const name = [runtime.name, runtime.version, how.length > 0 ? `(${how.join(', ')})` : null]
    .filter((part) => part !== null)
    .join(' ');
  const parts = [
    hardware.model,
    hardware.accelerator === 'none' ? null : hardware.accelerator,
    name === '' ? null : name,
    precision,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
