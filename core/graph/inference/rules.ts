// Every operator whose shapes are known here: one rule each.
import { attentionRules } from './attention.ts';
import { convolutionRules } from './convolution.ts';
import { elementwiseRules } from './elementwise.ts';
import { indexingRules } from './indexing.ts';
import { microsoftRules } from './microsoft.ts';
import type { Rule } from './node-context.ts';
import { normalisationRules } from './normalisation.ts';
import { productRules } from './products.ts';
import { quantisedRules } from './quantised.ts';
import { recurrentRules } from './recurrent.ts';
import { reductionRules } from './reductions.ts';
import { resizeRules } from './resize.ts';
import { shapeMoverRules } from './shape-movers.ts';
import { sourceRules } from './sources.ts';

const rules: ReadonlyMap<string, Rule> = new Map(
  [
    attentionRules,
    convolutionRules,
    elementwiseRules,
    indexingRules,
    microsoftRules,
    normalisationRules,
    productRules,
    quantisedRules,
    recurrentRules,
    reductionRules,
    resizeRules,
    shapeMoverRules,
    sourceRules,
  ].flatMap((family) => Object.entries(family)),
);

/** The standard domain has two names. */
export function isStandardDomain(domain: string | undefined): boolean {
  return domain === undefined || domain === '' || domain === 'ai.onnx';
}

/** How the outputs of an operator are found; undefined for one that is not known. */
export function ruleOf(operator: string, domain: string | undefined): Rule | undefined {
  return rules.get(isStandardDomain(domain) ? operator : `${domain}:${operator}`);
}

/** Whether another domain's operator only shares its name with one that is known here: what that one's rule checks,
 * inputs and ranks, was never checked of it. */
export function isNamesake(operator: string, domain: string | undefined): boolean {
  if (ruleOf(operator, domain) !== undefined) return false;
  return rules.has(operator) || rules.has(`com.microsoft:${operator}`);
}
