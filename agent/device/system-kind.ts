// What kind of Linux this is, as far as it decides which package or runtime works.
import type { SystemFiles } from './system-files.ts';

export interface SystemKind {
  /** Kernel release, such as `6.1.0-18-arm64`; null: not known. */
  readonly kernel: string | null;
  /** Windows Subsystem for Linux. */
  readonly isWsl: boolean;
  /** The C library is musl, not glibc: Alpine and its images. */
  readonly isMusl: boolean;
  /** `ID` and `ID_LIKE` of os-release, such as ['ubuntu', 'debian']. */
  readonly distribution: readonly string[];
}

/** Reads it from /proc, /etc and /lib. */
export function readSystemKind(files: SystemFiles): SystemKind {
  const kernel = files.text('proc/sys/kernel/osrelease') ?? null;
  const release = files.text('etc/os-release') ?? files.text('usr/lib/os-release') ?? '';
  const distribution = ['ID', 'ID_LIKE'].flatMap((name) => {
    const value = new RegExp(`^${name}=(.*)$`, 'm').exec(release)?.[1] ?? '';
    return value
      .replace(/["']/g, '')
      .split(/\s+/)
      .filter((word) => word !== '');
  });
  const loaders = ['lib', 'lib64', 'usr/lib', 'usr/lib64'].flatMap((folder) => files.list(folder));
  // A glibc system may have musl's loader beside its own, for cross-compiling.
  const isMusl = loaders.some((name) => /^ld-musl-/.test(name)) && !loaders.some((name) => /^ld-linux/.test(name));
  return {
    kernel,
    isWsl: /microsoft|wsl/i.test(`${kernel ?? ''} ${files.text('proc/version') ?? ''}`),
    isMusl: isMusl || distribution[0] === 'alpine',
    distribution,
  };
}

/** How perf is installed here, as a command or in words.
 * @param said what a perf that does not start printed */
export function perfPackage({ kernel, isWsl, distribution }: SystemKind, said = ''): string {
  const is = (...ids: string[]): boolean => distribution.some((id) => ids.includes(id));
  const generic = 'sudo apt install linux-tools-generic (the agent finds its perf below /usr/lib/linux-tools)';
  if (isWsl || /microsoft/i.test(said)) {
    const debian = is('debian') && !is('ubuntu') ? 'sudo apt install linux-perf' : generic;
    return `the kernel of WSL2 has no package of its own, any perf does: ${debian}`;
  }
  if (is('ubuntu')) {
    if (/-tegra$/.test(kernel ?? ''))
      return `the kernel of a Jetson has no package of its own, any perf does: ${generic}`;
    return /-raspi$/.test(kernel ?? '')
      ? 'sudo apt install linux-tools-raspi'
      : 'sudo apt install linux-tools-$(uname -r)';
  }
  if (is('debian', 'raspbian')) return 'sudo apt install linux-perf';
  if (is('alpine')) return 'apk add perf';
  if (is('fedora', 'rhel', 'centos')) return 'sudo dnf install perf';
  if (is('arch')) return 'sudo pacman -S perf';
  if (is('suse', 'opensuse')) return 'sudo zypper install perf';
  return 'Debian: sudo apt install linux-perf; Ubuntu: linux-tools-$(uname -r)';
}
