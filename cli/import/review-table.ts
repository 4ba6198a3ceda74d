// A table against what is known of its targets: what it is a hundred times off of, and what the same table said before
// and does not say any more.
import type { LatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { median } from '#core/statistics/quantile.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { significant } from '#core/text/significant.ts';
import type { ProfileOfTarget } from '../withdrawals/every-profile.ts';
import type { KnownTargets } from './known-targets.ts';
import { readingOf, type TableProfile, tableProfile, workloadOfColumn } from './table-profiles.ts';

/** A column that is to be sent. */
export interface SentColumn extends TableProfile {
  readonly workload: Workload;
  readonly medianMs: number;
}

/** @param columns those to send, by id. @throws DomainError `invalid-table` as `tableProfile` */
export function sentColumns(table: LatencyTable, columns: readonly string[]): SentColumn[] {
  return columns.map((column) => {
    const target = table.targets.find(({ id }) => id === column)!;
    const workload = workloadOfColumn(table.searchSpace, readingOf(target).batchSize);
    const medianMs = median([...target.latencyMs].filter((ms) => !Number.isNaN(ms)));
    return { ...tableProfile(table, column), workload, medianMs };
  });
}

/** Medians of one workload, over different networks of a search space, differ by less; units by a thousand. */
const mostFactor = 100;
/** Medians of different workloads differ by more. */
const mostFactorAcross = 300;

/** A sentence for each column that is more than a hundred times longer or shorter than what is known of its target. */
export function farColumns(sent: readonly SentColumn[], known: KnownTargets): string[] {
  return sent.flatMap((column) => {
    const profiles = (known.get(column.targetId) ?? []).filter(({ withdrawn }) => withdrawn === null);
    if (profiles.some(({ sha256 }) => sha256 === column.sha256)) return [];
    const runs = profiles.flatMap((profile) => profile.workloads.map((run) => ({ profile, run })));
    const same = runs.filter(({ run }) => workloadKey(run) === workloadKey(column.workload));
    const most = same.length > 0 ? mostFactor : mostFactorAcross;
    const far = (same.length > 0 ? same : runs).find(({ run }) => factorOf(column.medianMs, run.medianMs) > most);
    return far === undefined ? [] : [farSentence(column, far.profile, far.run.medianMs)];
  });
}

const factorOf = (a: number, b: number): number => Math.max(a / b, b / a);

function farSentence({ column, medianMs, targetId }: SentColumn, profile: ProfileOfTarget, knownMs: number): string {
  const factor = Math.round(factorOf(medianMs, knownMs));
  const more = medianMs > knownMs ? 'longer' : 'shorter';
  const said = `${quoteText(profile.deviceName ?? profile.deviceId)} said ${significant(knownMs, 4)} ms of ${targetId}`;
  const has = `column ${quoteText(column)} has a median of ${significant(medianMs, 4)} ms`;
  return `${has}, ${factor} times ${more} than is known: ${said}`;
}

export interface ReplacedProfile {
  readonly targetId: string;
  readonly sha256: string;
}

export interface Replacement {
  /** In use, said by this table before, and not by it now. */
  readonly replaced: readonly ReplacedProfile[];
  /** What the table says again, after an import had replaced it. */
  readonly again: readonly ReplacedProfile[];
  /** Hashes of what it says and an operator withdrew. */
  readonly withdrawn: ReadonlySet<string>;
}

/** How the reason of a withdrawal begins that an import ordered. */
export const replacedReason = 'replaced by an import';

/** What is to change of what the table said before.
 * @param deviceId the table's own
 * @param isWhole whether all columns of the table are sent: then what it no longer names is replaced, too
 * @throws DomainError `conflict` where it names no target that it named before, unless `isSame` */
export function replacementOf(
  sent: readonly SentColumn[],
  known: KnownTargets,
  { deviceId, isWhole, isSame }: { readonly deviceId: string; readonly isWhole: boolean; readonly isSame: boolean },
): Replacement {
  const said = new Set(sent.map(({ sha256 }) => sha256));
  const named = new Set(sent.map(({ targetId }) => targetId));
  const runs = new Set(sent.map(({ targetId, workload }) => `${targetId} ${workloadKey(workload)}`));
  const replaced: ReplacedProfile[] = [];
  const again: ReplacedProfile[] = [];
  const withdrawn = new Set<string>();
  let overlaps = false;
  for (const [targetId, profiles] of known) {
    for (const { sha256, workloads, ...profile } of profiles) {
      const isOwn = profile.deviceId === deviceId;
      if (isOwn && named.has(targetId)) overlaps = true;
      if (said.has(sha256)) {
        if (profile.withdrawn?.reason?.startsWith(replacedReason)) again.push({ targetId, sha256 });
        else if (profile.withdrawn !== null) withdrawn.add(sha256);
      } else if (isOwn && profile.withdrawn === null) {
        const isSaidAnew = workloads.every((run) => runs.has(`${targetId} ${workloadKey(run)}`));
        if (isWhole || isSaidAnew) replaced.push({ targetId, sha256 });
      }
    }
  }
  if (replaced.length > 0 && !overlaps && !isSame) {
    const before = [...new Set(replaced.map(({ targetId }) => targetId))].slice(0, 5).join(', ');
    throw new DomainError(
      'conflict',
      `a table of this name said something of ${before}, which this one does not name. If it is the same table, ` +
        'corrected, --replaces; if it is another one, --table NAME',
    );
  }
  return { replaced, again, withdrawn };
}
