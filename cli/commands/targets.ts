// `sugarbush targets`: the targets that come with the project: a list, a part of it, or all that is known of one.
import { defineCommand, jsonFlag } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';
import type { PredictorBundle } from '#core/predictor/bundle.ts';
import type { DescribedTarget } from '../shipped-targets/describe-shipped.ts';
import type { ShippedTarget } from '../shipped-targets/targets-file.ts';

const options = {
  match: { value: 'TEXT', help: 'only those whose id, hardware or runtime contains it', schema: text.optional() },
  json: jsonFlag,
};

export const targetsCommand = defineCommand({
  options,
  operands: { value: 'TARGET', help: 'ids, or parts of them, to show with all that is known' },
  async run({ match, json }, { out, say }, names) {
    const { readShippedPredictor } = await import('../start/read-shipped-predictor.ts');
    const { bundleHash } = await import('#core/predictor/bundle.ts');
    const { everyTarget, matchesTarget, pickTargets } = await import('../shipped-targets/pick-targets.ts');
    const { describeShipped, listShipped, showShipped } = await import('../shipped-targets/describe-shipped.ts');
    const { readTargets } = await import('../shipped-targets/targets-file.ts');
    const { bundle } = await readShippedPredictor();
    const all = readTargets(bundleHash(bundle));
    const picked = pickTargets(all, names.length === 0 ? [everyTarget] : names);
    const matching = match === undefined ? picked : picked.filter((target) => matchesTarget(target, match));
    const told = names.length === 0 ? matching.map((each) => describeShipped(each)) : await observed(bundle, matching);
    if (told.length === 0)
      say(`no target's id, hardware or runtime contains '${match}'; without --match all are listed\n`);
    if (json) out(`${JSON.stringify({ schemaVersion: 1, targets: told })}\n`);
    else if (told.length > 0) out(names.length === 0 ? listShipped(told) : told.map(showShipped).join('\n'));
    return exitCodes.done;
  },
});

/** With what the predictor says of how each behaves. */
async function observed(bundle: PredictorBundle, targets: readonly ShippedTarget[]): Promise<DescribedTarget[]> {
  const { loadPredictor } = await import('#core/predictor/bundle.ts');
  const { expandedAdaptation } = await import('#core/predictor/adaptation/compact-adaptation.ts');
  const { observeBehaviour } = await import('#core/predictor/whole-networks/observe-behaviour.ts');
  const { describeShipped } = await import('../shipped-targets/describe-shipped.ts');
  const predictor = await loadPredictor(bundle);
  const told: DescribedTarget[] = [];
  for (const target of targets) {
    const adaptation = expandedAdaptation(target.adaptation, predictor.identity.hash);
    told.push(describeShipped(target, await observeBehaviour(predictor, adaptation, new Set())));
  }
  await predictor.close();
  return told;
}
