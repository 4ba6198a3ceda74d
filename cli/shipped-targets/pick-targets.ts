// Which of the shipped targets are meant.
import { DomainError } from '#core/errors.ts';
import { nearestNames } from '#core/text/nearest-names.ts';
import type { ShippedTarget } from './targets-file.ts';

/** Stands for every target. */
export const everyTarget = 'all';

/** Whether a part of the target's id, title, hardware or runtime is `text`, in whatever case. */
export function matchesTarget(target: ShippedTarget, text: string): boolean {
  const wanted = text.toLowerCase();
  return [target.id, target.title, target.hardware, target.runtime ?? ''].some((told) =>
    told.toLowerCase().includes(wanted),
  );
}

/** Those of the names given: a target's id, `all`, or a part of what is told of targets. Without any the usual ones, or
 * all where none is usual; each once, in the order of `targets`.
 * @throws DomainError `unknown-target` with the nearest ids */
export function pickTargets(targets: readonly ShippedTarget[], names: readonly string[]): ShippedTarget[] {
  if (names.length === 0) {
    const usual = targets.filter((target) => target.usual);
    return usual.length > 0 ? usual : [...targets];
  }
  const picked = new Set(names.flatMap((name) => named(targets, name)));
  return targets.filter((target) => picked.has(target));
}

function named(targets: readonly ShippedTarget[], name: string): readonly ShippedTarget[] {
  if (name === everyTarget) return targets;
  const exact = targets.filter(({ id }) => id === name);
  const found = exact.length > 0 ? exact : targets.filter((target) => matchesTarget(target, name));
  if (found.length > 0) return found;
  const ids = targets.map(({ id }) => id);
  const nearest = nearestNames(name, ids).join(', ');
  throw new DomainError(
    'unknown-target',
    `no target is or contains '${name}'; nearest: ${nearest}; \`npx sugarbush targets\` lists all ${ids.length}`,
  );
}
