// A budget of AWS, which writes a letter before the month costs more than it should. It counts the whole account, all
// regions: an account of its own for the service makes it the service's.
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import type { SugarbushConfig } from '../config.ts';

export class Budget extends Construct {
  constructor(scope: Construct, id: string, { usdAMonth, email }: NonNullable<SugarbushConfig['watching']['budget']>) {
    super(scope, id);
    const letter = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, threshold, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
      subscribers: [{ subscriptionType: 'EMAIL', address: email }],
    });
    new CfnBudget(this, 'Budget', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: usdAMonth, unit: 'USD' } },
      notificationsWithSubscribers: [letter('ACTUAL', 80), letter('FORECASTED', 100)],
    });
  }
}
