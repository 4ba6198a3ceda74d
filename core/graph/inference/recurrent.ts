// Recurrent layers. X is [steps, batch, features], or [batch, steps, features] where `layout` is 1.
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

function recurrent(gates: number, cell: boolean): Rule {
  return (n: NodeContext): readonly Known[] => {
    const x = n.shapeOfRank(0, 3, 3);
    const r = n.shapeOfRank(2, 3, 3);
    const hidden = n.int('hidden_size', r[2]!);
    const directions = n.string('direction', 'forward').toLowerCase() === 'bidirectional' ? 2 : 1;
    if (r[0] !== directions || r[1] !== gates * hidden || r[2] !== hidden) {
      n.wrong(`recurrence weights [${r}] for ${directions} directions of ${hidden} units`);
    }
    const type = n.type(0);
    const batchFirst = n.int('layout', 0) === 1;
    const [steps, batch] = batchFirst ? [x[1]!, x[0]!] : [x[0]!, x[1]!];
    const states: Known = { type, shape: batchFirst ? [batch, directions, hidden] : [directions, batch, hidden] };
    const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
    return [{ type, shape: all }, states, ...(cell ? [states] : [])];
  };
}

export const recurrentRules: Readonly<Record<string, Rule>> = {
  RNN: recurrent(1, false),
  GRU: recurrent(3, false),
  LSTM: recurrent(4, true),
};
