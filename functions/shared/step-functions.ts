// Executes training runs with Step Functions. The run's id is the execution's name, so that starting twice is starting
// once.
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Executor } from '#core/training/runs/start-run.ts';
import { withinDeadline } from './deadline.ts';
import { clientLimits, ownTimeLimits, type TimeLimits } from './time-limits.ts';

/** Starts and stops executions of one state machine. Rejects with the SDK's errors, and with a DeadlineError where a
 * call takes longer than its limit. */
export function stepFunctionsExecutor(
  stateMachineArn: string,
  limits: TimeLimits = ownTimeLimits(process.env),
  client = new SFNClient(clientLimits(limits)),
): Executor {
  const arnOf = (runId: string): string => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start({ runId, searchSpace, requestedBy }) {
      const input = JSON.stringify({ searchSpace, requestedBy });
      const command = new StartExecutionCommand({ stateMachineArn, name: runId, input });
      try {
        const { executionArn } = await withinDeadline('StartExecution', limits.callMs, (abortSignal) =>
          client.send(command, { abortSignal }),
        );
        return executionArn!;
      } catch (error) {
        // It ran and ended before.
        if ((error as Error).name === 'ExecutionAlreadyExists') return arnOf(runId);
        throw error;
      }
    },
    async stop(execution, reason) {
      const command = new StopExecutionCommand({ executionArn: execution, error: 'Stopped', cause: reason });
      await withinDeadline('StopExecution', limits.callMs, (abortSignal) => client.send(command, { abortSignal }));
    },
  };
}
