// Which target this device with these settings is, in the words of the profile format.
import { nominalMemoryMib, type ProfileTarget } from '#core/dataset/profile-target.ts';
import type { Hardware } from '../device/hardware.ts';
import type { Runtime, RuntimeSettings } from '../runtimes/runtime.ts';

export interface TargetFacts {
  readonly hardware: Hardware;
  readonly runtime: Runtime;
  readonly version: string | null;
  /** As the runtime names it; undefined: it runs on the CPU, or does not say. */
  readonly accelerator: string | undefined;
  readonly settings: RuntimeSettings;
  readonly pinned: boolean;
  /** Settings of the device itself that change latency, such as its power mode. */
  readonly deviceSettings: Readonly<Record<string, string | boolean>>;
}

/** The target of a profile from what is known of hardware, runtime and workload; only settings that the runtime
 * heeds. */
export function describeTarget(facts: TargetFacts): ProfileTarget {
  const { hardware, runtime, settings } = facts;
  const runsOnCpu = ['cpu', 'wasm'].includes(runtime.executionProvider);
  const heeded = Object.fromEntries(runtime.heeds.map((name) => [name, settings[name]]));
  return {
    hardware: {
      vendor: hardware.vendor,
      model: hardware.model,
      cpu: hardware.cpu,
      cores: hardware.cores,
      memoryMib: hardware.memoryBytes === null ? null : nominalMemoryMib(hardware.memoryBytes),
      accelerator: runsOnCpu ? 'none' : (facts.accelerator ?? null),
    },
    runtime: {
      name: runtime.name,
      version: facts.version,
      executionProvider: runtime.executionProvider,
      settings: { ...heeded, ...facts.deviceSettings, pinned: facts.pinned },
    },
    precision: settings.precision,
  };
}
