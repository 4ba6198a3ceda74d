import { describe, expect, test } from 'vitest';
import { readDefinition } from '#stack/state-machine/definition.ts';

const lambda = 'arn:aws:states:::lambda:invoke';
const machine = (state: object) => ({ StartAt: 'S', States: { S: state } });
const mapOf = (inner: object, more: object = {}) =>
  machine({ Type: 'Map', ItemProcessor: { StartAt: 'I', States: { I: inner } }, End: true, ...more });

describe('what the interpreter would get wrong is refused by name', () => {
  test.each([
    [{ ...machine({ Type: 'Pass' }), QueryLanguage: 'JSONata' }, /QueryLanguage: .*JSONPath machines only/],
    [machine({ Type: 'Pass', QueryLanguage: 'JSONata' }), /state 'S': QueryLanguage/],
    [machine({ Type: 'Pass', Assign: { a: 1 } }), /state 'S': Assign: variables/],
    [machine({ Type: 'Pass', Parameters: { 'a.$': '$$.State.Name' } }), /\$\$\.State is not known/],
    [machine({ Type: 'Task', Resource: 'arn:aws:states:::s3:putObject' }), /cannot call arn:aws:states:::s3:putObject/],
    [machine({ Type: 'Task', Resource: `${lambda}.waitForTaskToken` }), /cannot call .*waitForTaskToken/],
    [machine({ Type: 'Task', Resource: lambda, HeartbeatSeconds: 5 }), /HeartbeatSeconds/],
    [mapOf({ Type: 'Pass' }, { ItemReader: {} }), /ItemReader: a distributed map/],
    [
      mapOf({ Type: 'Pass', Parameters: { 'a.$': '$$.Execution.Input.x' } }),
      /state 'I': .*pass it on with ItemSelector/,
    ],
    [mapOf({ Type: 'Pass', Parameters: { 'a.$': '$$.Map.Item.Value' } }), /state 'I': \$\$\.Map/],
    [
      {
        StartAt: 'S',
        States: {
          S: { Type: 'Task', Resource: lambda },
          P: mapOf({ Type: 'Pass' }).States.S,
          Q: { Type: 'Parallel', Branches: [machine({ Type: 'Task', Resource: lambda })] },
        },
      },
      /another task has the same name/,
    ],
  ])('%j', (definition, message) => {
    expect(() => readDefinition('Training', definition)).toThrow(message);
  });
});

test('a distributed map becomes a task that fails by name, with the Catch of the map', () => {
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'E' }];
  const ItemProcessor = {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'I',
    States: { I: { Type: 'Task', Resource: 'arn:aws:states:::s3:putObject', End: true } },
  };
  const map = { Type: 'Map', ItemReader: {}, Label: 'Big', ItemProcessor, Catch, Next: 'E' };
  const { definition, tasks } = readDefinition('Training', {
    StartAt: 'Big',
    States: { Big: map, E: { Type: 'Succeed' } },
  });
  const refusal = expect.stringMatching(/^state 'Big' is a distributed map, which the embedded stack does not execute/);
  expect(tasks).toEqual([{ state: 'Big', functionArn: undefined, refusal }]);
  expect(definition).toEqual({
    StartAt: 'Big',
    States: { Big: { Type: 'Task', Resource: lambda, Catch, Next: 'E' }, E: { Type: 'Succeed' } },
  });
});

test('tasks are found wherever they are, and wait as long as their function runs', () => {
  const task = { Type: 'Task', Resource: lambda, End: true };
  const { definition, tasks } = readDefinition('Training', {
    StartAt: 'A',
    States: {
      A: { ...task, Resource: 'arn:aws:lambda:r:a:function:f' },
      B: { Type: 'Parallel', Branches: [{ StartAt: 'C', States: { C: { ...task, TimeoutSeconds: 5 } } }] },
      D: mapOf(task).States.S,
    },
  });
  expect(tasks).toEqual([
    { state: 'A', functionArn: 'arn:aws:lambda:r:a:function:f' },
    { state: 'C', functionArn: undefined },
    { state: 'I', functionArn: undefined },
  ]);
  const timeouts = [...JSON.stringify(definition).matchAll(/"TimeoutSeconds":(\d+)/g)].map(([, seconds]) =>
    Number(seconds),
  );
  expect(timeouts).toEqual([2_000_000, 5, 2_000_000]);
});
