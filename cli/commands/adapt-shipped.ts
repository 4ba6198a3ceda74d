// `sugarbush adapt-shipped`: adapts the shipped predictor to the targets that come with the project.
import { defineCommand } from '#command-line/command.ts';
import { exitCodes } from '#command-line/exit-codes.ts';
import { text } from '#command-line/values.ts';

const options = {
  out: {
    value: 'FILE',
    help: 'where the targets go, gzipped JSON',
    schema: text,
    default: 'data/predictor/targets.json.gz',
  },
  match: { value: 'TEXT', help: 'only targets whose id contains it; default: all', schema: text.optional() },
};

export const adaptShippedCommand = defineCommand({
  options,
  notes: 'The file names the predictor that it belongs to: run this after every `sugarbush train`.',
  async run({ out: file, match }, { out, say }) {
    const { writeFileSync } = await import('node:fs');
    const { loadPredictor } = await import('#core/predictor/bundle.ts');
    const { readShippedPredictor } = await import('../start/read-shipped-predictor.ts');
    const { adaptShipped } = await import('../shipped-targets/adapt-shipped.ts');
    const { encodeTargets } = await import('../shipped-targets/targets-file.ts');
    const { bundle } = await readShippedPredictor();
    const predictor = await loadPredictor(bundle);
    try {
      const targets = await adaptShipped(predictor, { only: match, say: (line) => say(`${line}\n`) });
      const bytes = encodeTargets(predictor.identity.hash, targets);
      writeFileSync(file, bytes);
      out(`${file}: ${targets.length} targets of predictor ${predictor.identity.version}, ${bytes.length} bytes\n`);
    } finally {
      await predictor.close();
    }
    return exitCodes.done;
  },
});
