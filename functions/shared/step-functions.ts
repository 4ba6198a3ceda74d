// Executes training runs with Step Functions. The run's id is the execution's name, so that starting twice is starting
// once.
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Executor } from '#core/training/runs/start-run.ts';

/** Starts and stops executions of one state machine. Rejects with the SDK's errors. */
export function stepFunctionsExecutor(stateMachineArn: string, client = new SFNClient({ maxAttempts: 4 })): Executor {
  const arnOf = (runId: string): string => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start({ runId, requestedBy }) {
      const input = JSON.stringify({ requestedBy });
      try {
        const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, name: runId, input }));
        return executionArn!;
      } catch (error) {
        // It ran and ended before.
        if ((error as Error).name === 'ExecutionAlreadyExists') return arnOf(runId);
        throw error;
      }
    },
    async stop(execution, reason) {
      await client.send(new StopExecutionCommand({ executionArn: execution, error: 'Stopped', cause: reason }));
    },
  };
}
