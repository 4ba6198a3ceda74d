// Reverse-mode differentiation: appends to the graph the nodes that compute d loss / d parameter.
import type { Tensor } from './graph-builder.ts';
import { add, expand, multiply } from './operators.ts';

/** Gradients of the sum of `loss`'s elements with respect to `parameters`, in their order and shapes. Parameters that
 * the loss does not depend on get zeros. @throws Error for a path through an operator without a gradient. */
export function gradients(loss: Tensor, parameters: readonly Tensor[]): Tensor[] {
  const { order, needed } = sortTopologically(loss, new Set(parameters));
  const accumulated = new Map<Tensor, Tensor>([[loss, expand(loss.graph.scalar(1, loss.dataType), loss.shape)]]);
  for (const tensor of order.reverse()) {
    const d = accumulated.get(tensor);
    if (!d || tensor.parents.length === 0 || !needed.has(tensor)) continue;
    if (!tensor.vectorJacobian) throw new Error(`${tensor.name} has no gradient`);
    const wanted = tensor.parents.map((p) => needed.has(p));
    const flows = tensor.vectorJacobian(d, wanted);
    tensor.parents.forEach((parent, i) => {
      const flow = flows[i];
      if (!flow || !wanted[i]) return;
      const before = accumulated.get(parent);
      accumulated.set(parent, before ? add(before, flow) : flow);
    });
  }
  return parameters.map((p) => accumulated.get(p) ?? multiply(p, 0));
}

/** Tensors that `loss` is made of, parents first, and those of them that lead to a parameter. */
function sortTopologically(loss: Tensor, parameters: ReadonlySet<Tensor>) {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const needed = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    for (const parent of tensor.parents) visit(parent);
    if (parameters.has(tensor) || tensor.parents.some((p) => needed.has(p))) needed.add(tensor);
    order.push(tensor);
  };
  visit(loss);
  return { order, needed };
}
