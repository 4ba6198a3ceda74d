// What the device is: maker, model, processor, cores, memory. From device tree (boards), DMI (PCs, servers, virtual
// machines) and /proc. No serial numbers, no host name, no addresses.
import { tidyText } from '../tidy-text.ts';
import type { SystemFiles } from './system-files.ts';

export interface Hardware {
  readonly vendor: string | null;
  readonly model: string;
  readonly cpu: string | null;
  readonly cores: number | null;
  readonly memoryBytes: number | null;
  readonly availableMemoryBytes: number | null;
  readonly isVirtualMachine: boolean;
}

/** ARM main ID register, implementer:part → name. Source: Linux arch/arm64/include/asm/cputype.h and util-linux
 * sys-utils/lscpu-arm.c. */
const armCores: Readonly<Record<string, string>> = {
  '0x41:0xd03': 'Cortex-A53',
  '0x41:0xd04': 'Cortex-A35',
  '0x41:0xd05': 'Cortex-A55',
  '0x41:0xd07': 'Cortex-A57',
  '0x41:0xd08': 'Cortex-A72',
  '0x41:0xd09': 'Cortex-A73',
  '0x41:0xd0a': 'Cortex-A75',
  '0x41:0xd0b': 'Cortex-A76',
  '0x41:0xd0c': 'Neoverse-N1',
  '0x41:0xd0d': 'Cortex-A77',
  '0x41:0xd40': 'Neoverse-V1',
  '0x41:0xd41': 'Cortex-A78',
  '0x41:0xd42': 'Cortex-A78AE',
  '0x41:0xd44': 'Cortex-X1',
  '0x41:0xd46': 'Cortex-A510',
  '0x41:0xd47': 'Cortex-A710',
  '0x41:0xd49': 'Neoverse-N2',
  '0x41:0xd48': 'Cortex-X2',
  '0x41:0xd4b': 'Cortex-A78C',
  '0x41:0xd4c': 'Cortex-X1C',
  '0x41:0xd4d': 'Cortex-A715',
  '0x41:0xd4e': 'Cortex-X3',
  '0x41:0xd4f': 'Neoverse-V2',
  '0x41:0xd80': 'Cortex-A520',
  '0x41:0xd81': 'Cortex-A720',
  '0x41:0xd82': 'Cortex-X4',
  '0x41:0xd84': 'Neoverse-V3',
  '0x41:0xd85': 'Cortex-X925',
  '0x41:0xd87': 'Cortex-A725',
  '0x41:0xd8e': 'Neoverse-N3',
  '0x4e:0x003': 'NVIDIA Denver 2',
  '0x4e:0x004': 'NVIDIA Carmel',
};

/** What the kernel says of the device; null for what it does not say. */
export function readHardware(files: SystemFiles): Hardware {
  const cpuinfo = files.text('proc/cpuinfo') ?? '';
  const meminfo = files.text('proc/meminfo') ?? '';
  const cpu = processorName(cpuinfo);
  const board = files.text('proc/device-tree/model') ?? field(cpuinfo, 'Model');
  const dmiVendor = known(files.text('sys/class/dmi/id/sys_vendor'));
  const dmiModel = known(files.text('sys/class/dmi/id/product_name'));
  const cores = [...cpuinfo.matchAll(/^processor\s*:/gm)].length;
  return {
    vendor: tidyText(board === undefined ? dmiVendor : boardVendor(files, board), 64),
    model: tidyText(board ?? dmiModel ?? cpu ?? undefined, 96) ?? 'unknown device',
    cpu: tidyText(cpu, 96),
    cores: cores > 0 ? cores : null,
    memoryBytes: kibibytes(meminfo, 'MemTotal'),
    availableMemoryBytes: kibibytes(meminfo, 'MemAvailable'),
    isVirtualMachine: /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo) || files.list('sys/hypervisor').length > 0,
  };
}

/** x86 gives `model name`; ARM only numbers, one set a core: `4 × Cortex-A76`, `4 × Cortex-A55 + 2 × Cortex-A76`. */
function processorName(cpuinfo: string): string | undefined {
  const counts = new Map<string, number>();
  for (const block of cpuinfo.split(/\n\s*\n/)) {
    const implementer = field(block, 'CPU implementer');
    const part = field(block, 'CPU part');
    if (implementer === undefined || part === undefined) continue;
    const name = armCores[`${implementer}:${part}`.toLowerCase()] ?? `ARM ${implementer} ${part}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size > 0) return [...counts].map(([name, count]) => `${count} × ${name}`).join(' + ');
  return field(cpuinfo, 'model name') ?? field(cpuinfo, 'cpu model') ?? field(cpuinfo, 'uarch');
}

function boardVendor(files: SystemFiles, board: string): string | undefined {
  const maker =
    /^(Raspberry Pi|NVIDIA|Radxa|Hardkernel|FriendlyElec|Khadas|Orange ?Pi|Google|Pine64|BeagleBoard)/i.exec(board);
  if (maker !== null) return maker[1];
  // The first entry of `compatible` is "maker,board".
  return files.text('proc/device-tree/compatible')?.split(/[ ,]/)[0];
}

function field(text: string, name: string): string | undefined {
  const value = new RegExp(`^${name}\\s*:[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim();
  return value === '' ? undefined : value;
}

function kibibytes(meminfo: string, name: string): number | null {
  const value = /^(\d+) kB$/.exec(field(meminfo, name) ?? '')?.[1];
  return value === undefined ? null : Number(value) * 1024;
}

/** Some firmware ships its template. */
function known(text: string | undefined): string | undefined {
  return text === undefined ||
    /^(to be filled|default string|system (manufacturer|product name)|none|n\/a|unknown)/i.test(text)
    ? undefined
    : text;
}
