// Bounds on what is read of a file. Models in use stay far below them; hostile files do not get further.
import { graphLimits } from '../graph-json.ts';

export const limits = {
  /** Beside weights, which are not read. */
  bytesRead: 128 * 1024 * 1024,
  /** With the numbers of lists and of small tensors. */
  fields: 6_000_000,
  /** With those of bodies, and of functions where they are called. */
  nodes: graphLimits.nodes,
  constants: graphLimits.constants,
  /** Bytes of a name. A name out of a function or a branch gets a prefix. */
  name: graphLimits.name / 2,
  axes: graphLimits.axes,
  attributes: graphLimits.attributes,
  attributeList: graphLimits.attributeList,
  text: graphLimits.text,
  /** Bodies in bodies, functions in functions. */
  depth: 16,
  functions: 10_000,
  /** Tensors and attributes of all nodes that functions give. */
  inlined: 3_000_000,
} as const;
