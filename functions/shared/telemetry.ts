// The one logger and the one metrics object of a function. Both write JSON lines to standard output, where Lambda picks
// them up. What is logged is named field by field: never a body, a token or a signed URL.
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

export const logger = new Logger({ serviceName: 'sugarbush' });
export const metrics = new Metrics({ namespace: 'Sugarbush', serviceName: 'sugarbush' });
