// Executes training runs with Step Functions. The run's id is the execution's name, so that starting twice is starting
// once. Source: AWS Step Functions API Reference, StartExecution and StopExecution (AWS JSON 1.0).
import * as z from 'zod';
import type { Executor } from '#core/training/runs/start-run.ts';
import { type ServiceClient, serviceClient } from './aws/service-client.ts';
import { AwsServiceError } from './aws/service-error.ts';

const startedSchema = z.object({ executionArn: z.string() });
const refusedSchema = z.object({ __type: z.string(), message: z.string().optional() });

/** A client of Step Functions, at AWS_ENDPOINT_URL_SFN or AWS_ENDPOINT_URL where the environment names one. */
export function stepFunctionsClient(): ServiceClient {
  const endpoint = process.env['AWS_ENDPOINT_URL_SFN'] ?? process.env['AWS_ENDPOINT_URL'];
  return serviceClient({ service: 'states', endpoint });
}

/** Starts and stops executions of one state machine. Rejects with AwsServiceError, and with a DeadlineError where a
 * call takes longer than its limit. */
export function stepFunctionsExecutor(stateMachineArn: string, client = stepFunctionsClient()): Executor {
  const arnOf = (runId: string): string => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start({ runId, requestedBy }) {
      const input = JSON.stringify({ requestedBy });
      try {
        return startedSchema.parse(await call(client, 'StartExecution', { stateMachineArn, name: runId, input }))
          .executionArn;
      } catch (error) {
        // It ran and ended before.
        if ((error as Error).name === 'ExecutionAlreadyExists') return arnOf(runId);
        throw error;
      }
    },
    async stop(execution, reason) {
      await call(client, 'StopExecution', { executionArn: execution, error: 'Stopped', cause: reason });
    },
  };
}

async function call(client: ServiceClient, action: string, input: object): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AWSStepFunctions.${action}` };
  const request = { method: 'POST', path: '/', headers, body: new TextEncoder().encode(JSON.stringify(input)) };
  const { status, body } = await client.send(request);
  const text = new TextDecoder().decode(body);
  if (status < 300) return JSON.parse(text);
  const refused = refusedSchema.safeParse(jsonOrUndefined(text));
  // Types may stand with their namespace: com.amazonaws.states#ExecutionAlreadyExists.
  const name = refused.success ? refused.data.__type.replace(/^.*#/, '') : `Http${status}`;
  const said = refused.success ? (refused.data.message ?? 'no message') : text.slice(0, 200);
  throw new AwsServiceError(name, `${action}: ${name}: ${said}`, status);
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
