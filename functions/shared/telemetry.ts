// The one logger of a function. It writes JSON lines to standard output, where Lambda picks them up. What is logged is
// named field by field: never a body, a token or a signed URL.
import { Logger } from '@aws-lambda-powertools/logger';

export const logger = new Logger({ serviceName: 'sugarbush' });
