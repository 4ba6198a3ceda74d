// Episodes for meta-training: each is a device (real, a mixture of real ones, a mixture blended with a simulated one,
// or simulated) with up to M measured architectures. Noise and coarse clocks are added as the field shows them.
import type { Random } from '#core/random.ts';
import type { DeviceSimulator } from '#core/search-space/search-space.ts';

export interface TrainingTarget {
  readonly id: string;
  /** One latency an architecture of the pool, NaN where it was not measured. */
  readonly latencyMs: Float64Array;
}

export interface EpisodeBatch {
  /** Rows of the architecture pool, [devices × M]. */
  readonly rows: Int32Array;
  /** ln of the latency in the device's own unit; 0 where absent. */
  readonly lnLatency: Float32Array;
  /** 1 where measured, 0 where absent. */
  readonly present: Float32Array;
  /** 1 where the device is purely simulated, [devices]. */
  readonly simulated: Float32Array;
}

/** Probabilities of the four kinds of episode; they sum to 1. */
export interface EpisodeShares {
  readonly real: number;
  readonly mixed: number;
  readonly blended: number;
  readonly simulated: number;
}

export const defaultShares: EpisodeShares = { real: 0.3, mixed: 0.35, blended: 0.15, simulated: 0.2 };

export interface EpisodeSource {
  /** `devices` episodes of at most M measurements, their arrays one after another. */
  draw(random: Random, devices: number, M: number): EpisodeBatch;
}

/** A mixture needs at least so many architectures that all its parts have measured; otherwise its first part stands. */
const leastInCommon = 16;

interface Device {
  readonly rows: Int32Array;
  readonly latency: Float64Array;
}

/**
 * A source of training episodes over a pool of architectures: real devices, mixtures, mixtures blended with a simulated
 * device and simulated ones in the proportions of `shares`. Without targets every episode is simulated.
 * @param connected whether each architecture of the pool computes anything; only those set a target's unit (their mean
 * latency), so a target without any of them measured is left out
 */
export function episodeSource(
  targets: readonly TrainingTarget[],
  connected: readonly boolean[],
  simulator: DeviceSimulator,
  shares: EpisodeShares = defaultShares,
): EpisodeSource {
  const usable = targets.filter((t) => connected.some((is, i) => is && !Number.isNaN(t.latencyMs[i])));
  const relative = usable.map((t) => relativeToMean(t.latencyMs, connected));
  const measured = relative.map((r) => Int32Array.from([...r.keys()].filter((i) => !Number.isNaN(r[i]))));

  const pick = (random: Random, rows: Int32Array, M: number): Int32Array =>
    random.choose(rows.length, Math.min(M, rows.length)).map((i) => rows[i]!);

  function real(random: Random, M: number): Device {
    const j = random.integer(relative.length);
    const rows = pick(random, measured[j]!, M);
    return { rows, latency: Float64Array.from(rows, (row) => relative[j]![row]!) };
  }

  function mixture(random: Random, M: number): Device {
    const chosen = [...random.choose(relative.length, Math.min(2 + random.integer(2), relative.length))];
    const common = measured[chosen[0]!]!.filter((row) => chosen.every((j) => !Number.isNaN(relative[j]![row])));
    const parts = common.length < leastInCommon ? chosen.slice(0, 1) : chosen;
    const rows = pick(random, parts.length === 1 ? measured[parts[0]!]! : common, M);
    const latencies = parts.map((j) => Float64Array.from(rows, (row) => relative[j]![row]!));
    return { rows, latency: mix(random, latencies) };
  }

  function simulated(random: Random, rows: Int32Array): Float64Array {
    return relativeToOwnMean(simulator.draw(random, rows));
  }

  function device(random: Random, M: number): Device & { simulated: boolean } {
    const kind = random.next();
    if (relative.length === 0 || kind >= shares.real + shares.mixed + shares.blended) {
      const rows = random.choose(connected.length, Math.min(M, connected.length));
      return { rows, latency: asMeasured(random, simulated(random, rows)), simulated: true };
    }
    if (kind < shares.real) return { ...real(random, M), simulated: false };
    const { rows, latency } = mixture(random, M);
    if (kind < shares.real + shares.mixed) return { rows, latency: asMeasured(random, latency), simulated: false };
    const share = random.uniform(0.1, 0.7);
    const other = simulated(random, rows);
    const blend = latency.map((value, i) => (1 - share) * value + share * other[i]!);
    return { rows, latency: asMeasured(random, blend), simulated: false };
  }

  return {
    draw(random, devices, M) {
      const batch: EpisodeBatch = {
        rows: new Int32Array(devices * M),
        lnLatency: new Float32Array(devices * M),
        present: new Float32Array(devices * M),
        simulated: new Float32Array(devices),
      };
      for (let d = 0; d < devices; d++) {
        const drawn = device(random, M);
        batch.simulated[d] = drawn.simulated ? 1 : 0;
        drawn.rows.forEach((row, i) => {
          batch.rows[d * M + i] = row;
          batch.lnLatency[d * M + i] = Math.log(drawn.latency[i]!);
          batch.present[d * M + i] = 1;
        });
      }
      return batch;
    },
  };
}

function relativeToMean(latency: Float64Array, connected: readonly boolean[]): Float64Array {
  let total = 0;
  let count = 0;
  latency.forEach((value, i) => {
    if (!connected[i] || Number.isNaN(value)) return;
    total += value;
    count++;
  });
  return latency.map((value) => (value * count) / total);
}

const relativeToOwnMean = (latency: Float64Array): Float64Array => {
  const mean = latency.reduce((a, b) => a + b, 0) / latency.length;
  return latency.map((value) => value / mean);
};

/** A device between (and half the time somewhat beyond) the given ones: a weighted arithmetic or geometric mean. */
function mix(random: Random, latencies: readonly Float64Array[]): Float64Array {
  let weights = random.dirichlet(latencies.map(() => 1));
  if (random.next() < 0.5 && weights.length > 1) {
    const beyond = random.uniform(0, 0.3);
    const least = weights.indexOf(Math.min(...weights));
    weights = weights.map((w, i) => w * (1 + beyond) - (i === least ? beyond : 0));
  }
  const geometric = random.next() < 0.3;
  return latencies[0]!.map((_, i) => {
    const values = latencies.map((l) => l[i]!);
    if (geometric) return Math.exp(values.reduce((s, v, j) => s + weights[j]! * Math.log(Math.max(v, 1e-3)), 0));
    return Math.max(
      values.reduce((s, v, j) => s + weights[j]! * v, 0),
      0.05 * Math.min(...values),
    );
  });
}

/** Multiplicative noise of .2–8 %, and in 15 % of devices a clock so coarse that the mean is 8–25 ticks. */
function asMeasured(random: Random, latency: Float64Array): Float64Array {
  const noise = random.logUniform(0.002, 0.08);
  const noisy = latency.map((value) => value * Math.exp(noise * random.normal()));
  if (random.next() >= 0.15) return noisy;
  const tick = noisy.reduce((a, b) => a + b, 0) / noisy.length / random.uniform(8, 25);
  return noisy.map((value) => Math.max(Math.round(value / tick), 0.3) * tick);
}
