// What is watched: alarms and dashboard take the service by these.
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { ServiceFunction } from './service-function.ts';

export interface WatchedService {
  /** By the name of the file. */
  readonly functions: Readonly<Record<string, Pick<ServiceFunction, 'function' | 'memoryMiB'>>>;
  readonly apiId: string;
  readonly stateMachine: StateMachine;
}
