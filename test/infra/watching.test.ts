// Alarms, dashboard and traces of the template, against what the functions emit and what docs/operations.md says.
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type MetricSet, metricNamespace, metricSets } from '#contract/metrics.ts';
import { routeIds, routeKey } from '#contract/routes.ts';
import { config } from '#infra/config.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const topic = 'arn:aws:sns:eu-central-1:123456789012:night-shift';
/** Everything that can be on. */
let app: Synthesised;
beforeAll(() => {
  app = synthesised({ ...config, watching: { ...config.watching, alarmTopicArn: topic, tracing: true } });
});
afterAll(() => rmSync(dirname(app.folder), { recursive: true, force: true }));

const docs = readFileSync('docs/operations.md', 'utf8');
interface Alarm {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly string[];
  readonly OKActions: readonly string[];
}
const alarms = () =>
  ofType(app.service, 'AWS::CloudWatch::Alarm').map((alarm) => ({
    name: (alarm as unknown as { Metadata: Record<string, string> }).Metadata['aws:cdk:path']!.split('/')[2]!,
    ...(alarm.Properties as unknown as Alarm),
  }));

describe('docs/operations.md', () => {
  /** Names that a paragraph begins with: its heading, or those in code before its first point. */
  const documented = docs
    .slice(docs.indexOf('\n## Alarms\n'))
    .split('\n### ')
    .slice(1)
    .flatMap((section) => {
      const [heading = '', ...lines] = section.split('\n- **Means**')[0]!.split('\n');
      const named = [...lines.join('\n').matchAll(/`(\w+)`/g)].map(([, name]) => name!);
      return named.length > 0 ? named : [heading];
    });

  test('has a paragraph for every alarm, and for no other', () => {
    expect(alarms().length).toBeGreaterThan(30);
    expect(documented.toSorted()).toEqual(
      alarms()
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const { name, AlarmDescription } of alarms()) {
      expect(AlarmDescription).toContain(`See docs/operations.md, ${name}.`);
    }
  });

  test('says in each what it means, what to look at and what to do', () => {
    const sections = docs.slice(docs.indexOf('\n## Alarms\n')).split('\n### ').slice(1);
    for (const section of sections) {
      const parts = ['- **Means**', '- **Look at**', '- **Do**'].map((part) => section.includes(part));
      expect([section.split('\n')[0], parts]).toEqual([section.split('\n')[0], [true, true, true]]);
    }
  });

  test('names the thresholds as they are', () => {
    for (const [name, value] of Object.entries(config.watching.thresholds)) {
      const stated = new RegExp(`\`${name}\` \\(([\\d,.]+)( s)?`).exec(docs);
      if (stated === null) continue;
      const number = Number(stated[1]!.replaceAll(',', '')) * (stated[2] === undefined ? 1 : 1000);
      expect([name, number]).toEqual([name, value]);
    }
  });
});

describe('every metric that is looked at', () => {
  /** As AWS documents them for Lambda, HTTP APIs and Step Functions. */
  const ofAws: Readonly<Record<string, readonly string[]>> = {
    'AWS/Lambda': ['Errors', 'Throttles', 'Duration'],
    'AWS/ApiGateway': ['4xx', '5xx', 'Count'],
    'AWS/States': ['ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'],
  };
  const sources = globSync('functions/**/*.ts').map((file) => readFileSync(file, 'utf8'));
  const emitted = Object.entries(metricSets as Readonly<Record<string, MetricSet>>).flatMap(
    ([set, { units, dimension }]) =>
      Object.keys(units)
        .filter((name) => sources.some((text) => text.includes(`putMetrics('${set}'`) && text.includes(name)))
        .map((name) => `${name} by ${dimension ?? 'nothing'}`),
  );

  function check(namespace: string, name: string, dimensions: readonly string[]): void {
    if (namespace === metricNamespace) {
      expect(dimensions.length).toBeLessThan(2);
      expect(emitted).toContain(`${name} by ${dimensions[0] ?? 'nothing'}`);
    } else expect([namespace, ofAws[namespace]]).toEqual([namespace, expect.arrayContaining([name])]);
  }

  test('by an alarm is one that AWS or a function emits, by the same dimension', () => {
    for (const { Namespace, MetricName, Dimensions = [] } of alarms()) {
      check(Namespace, MetricName, Namespace === metricNamespace ? Dimensions.map(({ Name }) => Name) : []);
    }
  });

  test('by the dashboard too', () => {
    const [dashboard] = ofType(app.service, 'AWS::CloudWatch::Dashboard');
    const body = dashboard!.Properties['DashboardBody'] as { 'Fn::Join': [string, (string | object)[]] };
    const text = body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'resolved')).join('');
    const { widgets } = JSON.parse(text) as { widgets: { properties: { title: string; metrics: unknown[][] } }[] };
    for (const { properties } of widgets) {
      for (const [namespace, name, ...rest] of properties.metrics) {
        if (typeof namespace !== 'string') continue;
        const dimension = rest.find((part) => typeof part === 'string');
        const own = namespace === metricNamespace && dimension !== undefined ? [String(dimension)] : [];
        check(namespace, String(name), own);
      }
    }
    expect(widgets.map(({ properties }) => properties.title)).toEqual(
      expect.arrayContaining([
        ...['Predictions, ms', 'Targets answered, by trust', 'Looks into memory'],
        ...['Errors by function', 'Throttles by function', 'Cold starts by function'],
        ...['Uploads by outcome', 'Objects in the failure bucket', 'Refused by the quota'],
        ...['Age of the champion, hours', 'GB-seconds of the functions', 'Requests of the API'],
      ]),
    );
  });

  test('has values of dimensions that there are', () => {
    const routes = alarms().flatMap(({ Dimensions = [] }) =>
      Dimensions.filter(({ Name }) => Name === 'Route').map(({ Value }) => Value),
    );
    expect(routes).toEqual([routeKey('predict')]);
    expect(routeIds.map(routeKey)).toEqual(expect.arrayContaining(routes));
  });
});

describe('configuration', () => {
  test('names the topic that every alarm goes to, when it begins and when it ends', () => {
    for (const { name, AlarmActions, OKActions } of alarms()) {
      expect([name, AlarmActions, OKActions]).toEqual([name, [topic], [topic]]);
    }
  });

  test('switches traces on for every function and the state machine', () => {
    const functions = ofType(app.service, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties['Layers'] || Properties['Architectures'],
    );
    expect(functions).toHaveLength(Object.keys(config.functions).length);
    for (const { Properties } of functions) expect(Properties['TracingConfig']).toEqual({ Mode: 'Active' });
    const [machine] = ofType(app.service, 'AWS::StepFunctions::StateMachine');
    expect(machine!.Properties['TracingConfiguration']).toEqual({ Enabled: true });
  });
});

test('the state machine logs every state, without its data', () => {
  const [machine] = ofType(app.service, 'AWS::StepFunctions::StateMachine');
  expect(machine!.Properties['LoggingConfiguration']).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
});

test('the function that watches reads runs and predictors, counts failed events, and may do nothing else', () => {
  const policy = ofType(app.service, 'AWS::IAM::Policy').find(({ id }) => id.startsWith('WatchStateRole'))!;
  const { Statement } = policy.Properties['PolicyDocument'] as {
    Statement: { Action: string | string[]; Resource: unknown }[];
  };
  const actions = Statement.flatMap(({ Action }) => Action).filter((action) => action.startsWith('s3:'));
  expect(actions.toSorted()).toEqual(['s3:GetObject', 's3:ListBucket', 's3:ListBucket']);
  const [schedule] = ofType(app.service, 'AWS::Scheduler::Schedule').filter(({ id }) => id.startsWith('Watch'));
  expect(schedule!.Properties['ScheduleExpression']).toBe(config.watching.schedule);
});
