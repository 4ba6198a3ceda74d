import { describe, expect, test } from 'vitest';
import { readDefinition } from '#scripts/local/state-machine/definition.ts';

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
      machine({
        Type: 'Map',
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'I', States: { I: { Type: 'Pass' } } },
      }),
      /a distributed map runs in the cloud only/,
    ],
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
