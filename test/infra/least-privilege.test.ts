// What the roles of the template may do with the data bucket, how long things are kept, and what bounds the bill.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { config } from '#infra/config.ts';
import { constructId } from '#infra/construct-id.ts';
import { trainingAccess } from '#infra/training-access.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let app: Synthesised;
beforeAll(() => {
  const budget = { usdAMonth: 50, email: 'operator@example.com' };
  app = synthesised({ ...config, watching: { ...config.watching, budget } });
});
afterAll(() => rmSync(dirname(app.folder), { recursive: true, force: true }));

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string[]>>>>;
}
const statementsOf = (role: string): Statement[] =>
  ofType(app.service, 'AWS::IAM::Policy')
    .filter(({ id }) => id.startsWith(`${role}Role`))
    .flatMap(({ Properties }) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
const isOfData = (resource: unknown): boolean => JSON.stringify(resource).includes('SugarbushData');

/** Prefixes of the data bucket that a role may do `action` under. */
const prefixes = (role: string, action: string): string[] =>
  statementsOf(role)
    .filter(({ Action }) => Action === action)
    .flatMap(({ Resource }) => [Resource].flat())
    .filter(isOfData)
    .map((resource) => /"\/([^"]+)\*"/.exec(JSON.stringify(resource))![1]!)
    .toSorted();

describe('the data bucket', () => {
  test.each(Object.entries(trainingAccess))(
    'is open to the task %s as its table says, and no further',
    (task, access) => {
      const role = constructId(`training/${task}`);
      expect({
        reads: prefixes(role, 's3:GetObject'),
        writes: prefixes(role, 's3:PutObject'),
        deletes: prefixes(role, 's3:DeleteObject'),
      }).toEqual({
        reads: access.reads.toSorted(),
        writes: access.writes.toSorted(),
        deletes: [...(access.deletes ?? [])].sort(),
      });
    },
  );

  test('is listed under the prefixes that are read, and by nobody without a prefix', () => {
    const roles = new Set(ofType(app.service, 'AWS::IAM::Policy').map(({ id }) => /^(\w+)Role/.exec(id)?.[1]));
    let lists = 0;
    for (const role of roles) {
      if (role === undefined) continue;
      const listing = statementsOf(role).filter(
        ({ Action, Resource }) => Action === 's3:ListBucket' && isOfData(Resource),
      );
      for (const { Condition } of listing) {
        lists++;
        const listed = Condition!['StringLike']!['s3:prefix']!;
        expect([role, Object.keys(Condition!)]).toEqual([role, ['StringLike']]);
        expect([role, listed.toSorted()]).toEqual([role, prefixes(role, 's3:GetObject').map((prefix) => `${prefix}*`)]);
      }
    }
    expect(lists).toBeGreaterThan(15);
    expect(statementsOf('Authorizer').filter(({ Action }) => Action === 's3:ListBucket')).toEqual([]);
  });

  test('forgets by a stated rule', () => {
    const [bucket] = ofType(app.data, 'AWS::S3::Bucket');
    const { Rules } = bucket!.Properties['LifecycleConfiguration'] as { Rules: Record<string, unknown>[] };
    const { fitsDays, snapshotsDays, oldVersionsDays } = config.data;
    expect(Rules[0]).toMatchObject({
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      NoncurrentVersionExpiration: { NoncurrentDays: oldVersionsDays },
    });
    const expiring = Rules.slice(1).map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays]);
    expect(Object.fromEntries(expiring)).toEqual({
      'upload-quota/': 2,
      'fits/': fitsDays,
      'training-parts/': fitsDays,
      'snapshots/': snapshotsDays,
    });
    // What cannot be made again.
    const kept = ['profiles/', 'measurements/', 'targets/', 'predictors/', 'devices/', 'tokens/', 'training-runs/'];
    for (const [prefix] of expiring) expect(kept).not.toContain(prefix);
  });
});

test('every bucket forgets parts of uploads that were given up, every log group its lines', () => {
  for (const template of [app.data, app.service]) {
    for (const { id, Properties } of ofType(template, 'AWS::S3::Bucket')) {
      const { Rules } = Properties['LifecycleConfiguration'] as { Rules: Record<string, unknown>[] };
      expect([id, Rules.some((rule) => 'AbortIncompleteMultipartUpload' in rule)]).toEqual([id, true]);
    }
  }
  const groups = ofType(app.service, 'AWS::Logs::LogGroup');
  // One for each function, for the access log and for the state machine.
  expect(groups).toHaveLength(Object.keys(config.functions).length + 2);
  for (const { Properties } of groups) expect(Properties['RetentionInDays']).toBe(config.logs.retentionDays);
});

test('a budget writes a letter before and when the month costs too much', () => {
  const [budget] = ofType(app.service, 'AWS::Budgets::Budget');
  expect(budget!.Properties).toMatchObject({
    Budget: { BudgetLimit: { Amount: 50, Unit: 'USD' }, TimeUnit: 'MONTHLY', BudgetType: 'COST' },
    NotificationsWithSubscribers: [
      {
        Notification: { NotificationType: 'ACTUAL', Threshold: 80 },
        Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'operator@example.com' }],
      },
      { Notification: { NotificationType: 'FORECASTED', Threshold: 100 } },
    ],
  });
});

/** A program of Python that not everybody has: without it the test is skipped. */
const cfnLint = (() => {
  try {
    return execFileSync('cfn-lint', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
})();

test.runIf(cfnLint !== undefined)('cfn-lint finds nothing in the templates', () => {
  const templates = ['SugarbushData', 'SugarbushService'].map((name) => join(app.folder, `${name}.template.json`));
  // W3005 is about order that is stated twice, which CDK does with every role. What is found is printed.
  let found = '';
  try {
    execFileSync('cfn-lint', ['--ignore-checks', 'W3005', '--', ...templates], { encoding: 'utf8' });
  } catch (error) {
    found = (error as { stdout: string }).stdout;
  }
  expect(found).toBe('');
});
