// A process of its own that optimises networks: started, fed with jobs, and replaced where ONNX Runtime ends it.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxRuntime } from '#core/onnx/session.ts';
import { encodeWithWeights } from './encode.ts';
import { factsLine } from './facts.ts';
import { type Level, levels, type TruthJob, type TruthOutcome } from './job.ts';
import { readOptimised } from './optimised.ts';

async function optimise({ graph, folder, block }: TruthJob): Promise<TruthOutcome> {
  const model = encodeWithWeights(graph, 0);
  const lines: Partial<Record<Level, readonly string[]>> = {};
  try {
    for (const level of levels) {
      const path = join(folder, `${level}.onnx`);
      const session = await onnxRuntime().InferenceSession.create(model, {
        graphOptimizationLevel: level,
        optimizedModelFilePath: path,
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        extra: { session: { disable_prepacking: '1' } },
      });
      await session.release();
      lines[level] = readOptimised(await readFile(path), block).map(factsLine);
      await rm(path);
    }
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
  return { lines: lines as Record<Level, readonly string[]> };
}

process.on('message', (job: TruthJob) => {
  optimise(job).then(
    (outcome) => process.send!(outcome),
    (error: unknown) => process.send!({ refused: String(error) }),
  );
});
