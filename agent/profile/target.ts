// Which target this device with these settings is, in the words of the profile format.
import { nominalMemoryMib, type ProfileTarget } from '#core/dataset/profile-target.ts';
import type { Hardware } from '../device/hardware.ts';
import type { Reported } from '../runtimes/reported.ts';
import type { Runtime, RuntimeSettings } from '../runtimes/runtime.ts';

export interface TargetFacts {
  readonly hardware: Hardware;
  readonly runtime: Runtime;
  /** What the runtime says of itself, with what its owner says of it where it does not. */
  readonly reported: Reported;
  readonly settings: RuntimeSettings;
  readonly pinned: boolean;
  /** Settings of the device itself that change latency, such as its power mode. */
  readonly deviceSettings: Readonly<Record<string, string | boolean>>;
}

/** The target of a profile from what is known of hardware, runtime and workload; only settings that the runtime
 * heeds. */
export function describeTarget(facts: TargetFacts): ProfileTarget {
  const { hardware, runtime, reported, settings } = facts;
  const executionProvider = reported.executionProvider ?? runtime.executionProvider;
  const runsOnCpu = ['cpu', 'wasm'].includes(executionProvider);
  const heeded = Object.fromEntries(runtime.heeds.map((name) => [name, settings[name]]));
  return {
    hardware: {
      vendor: hardware.vendor,
      model: hardware.model,
      cpu: hardware.cpu,
      cores: hardware.cores,
      memoryMib: hardware.memoryBytes === null ? null : nominalMemoryMib(hardware.memoryBytes),
      accelerator: runsOnCpu ? 'none' : (reported.accelerator ?? null),
    },
    runtime: {
      name: reported.runtimeName ?? runtime.name,
      version: reported.version,
      executionProvider,
      settings: { ...heeded, ...facts.deviceSettings, ...reported.settings, pinned: facts.pinned },
    },
    precision: settings.precision,
  };
}
