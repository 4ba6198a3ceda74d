// A small Step Functions endpoint for the unmodified SDK client: start, stop, describe and list executions, over AWS's
// JSON 1.0 protocol. Anything else is answered as not implemented, by name.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { type Execution, type Executions, StepFunctionsError } from './executions.ts';

const startSchema = z.object({
  stateMachineArn: z.string(),
  input: z.string().default('{}'),
  name: z.string().optional(),
});
const stopSchema = z.object({ executionArn: z.string(), error: z.string().optional(), cause: z.string().optional() });
const describeSchema = z.object({ executionArn: z.string() });
const listSchema = z.object({
  stateMachineArn: z.string(),
  statusFilter: z.string().optional(),
  maxResults: z.number().int().max(1000).optional(),
});

export interface StepFunctionsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** @param accessKeyId of the only credentials that are known; signatures are not checked, the address is local. */
export async function startStepFunctions(executions: Executions, accessKeyId: string): Promise<StepFunctionsEndpoint> {
  const operations: Record<string, (input: unknown) => object> = {
    StartExecution: (input) => {
      const { stateMachineArn, input: document, name } = startSchema.parse(input);
      const { arn, startedMs } = executions.start(stateMachineArn, document, name);
      return { executionArn: arn, startDate: startedMs / 1000 };
    },
    StopExecution: (input) => {
      const { executionArn, error, cause } = stopSchema.parse(input);
      const { stoppedMs = Date.now() } = executions.stop(executionArn, error, cause);
      return { stopDate: stoppedMs / 1000 };
    },
    DescribeExecution: (input) => {
      const execution = executions.describe(describeSchema.parse(input).executionArn);
      return { ...summary(execution), input: execution.input, ...ending(execution) };
    },
    ListExecutions: (input) => {
      const { stateMachineArn, statusFilter, maxResults } = listSchema.parse(input);
      return {
        executions: executions
          .list(stateMachineArn, statusFilter)
          .slice(0, maxResults ?? 100)
          .map(summary),
      };
    },
  };

  const answer = async (request: IncomingMessage): Promise<object> => {
    if (!request.headers.authorization?.includes(`Credential=${accessKeyId}/`)) {
      throw new StepFunctionsError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    }
    const operation =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? '';
    const run = operations[operation];
    if (!run) throw new StepFunctionsError('UnknownOperationException', `the embedded stack has no '${operation}'`);
    return run(JSON.parse(await text(request)));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let status = 200;
    let body: object;
    try {
      body = await answer(request);
    } catch (error) {
      const known = error instanceof StepFunctionsError;
      status = known && error.name === 'ServiceUnavailable' ? 503 : known || error instanceof z.ZodError ? 400 : 500;
      const type = known ? error.name : status === 400 ? 'ValidationException' : 'InternalFailure';
      body = {
        __type: `com.amazonaws.swf.service.v2.model#${type}`,
        message: error instanceof Error ? error.message : '',
      };
    }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  };

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function summary({ arn, name, stateMachineArn, status, startedMs, stoppedMs }: Execution): object {
  return {
    executionArn: arn,
    name,
    stateMachineArn,
    status,
    startDate: startedMs / 1000,
    ...(stoppedMs !== undefined && { stopDate: stoppedMs / 1000 }),
  };
}

function ending({ output, error, cause }: Execution): object {
  return { ...(output && { output }), ...(error && { error }), ...(cause && { cause }) };
}
