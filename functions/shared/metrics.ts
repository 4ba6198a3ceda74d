// The one metrics object of a function that answers requests: JSON lines on standard output in CloudWatch's embedded
// metric format. Apart from the logger, which every function has.
import { Metrics } from '@aws-lambda-powertools/metrics';

export const metrics = new Metrics({ namespace: 'Sugarbush', serviceName: 'sugarbush' });
