// The names and ARNs that CloudFormation would give to resources, made locally: from stack and logical id only, so that
// they are the same after every restart.
import { createHash } from 'node:crypto';

export interface StackEnvironment {
  readonly region: string;
  readonly accountId: string;
  /** Where the HTTP API answers, once it is known. */
  readonly apiUrl?: string;
}

/** Bucket names: lower case, at most 63 characters. */
export function bucketName(stack: string, id: string): string {
  return shorten(`${stack}-${id}`.toLowerCase(), 63);
}

/** What `Ref` gives for a resource of this type. */
export function referenceTo(environment: StackEnvironment, stack: string, id: string, type: string): string {
  const { region, accountId } = environment;
  const name = shorten(`${stack}-${id}`, 64);
  switch (type) {
    case 'AWS::S3::Bucket':
      return bucketName(stack, id);
    case 'AWS::ApiGatewayV2::Api':
    case 'AWS::ApiGatewayV2::Authorizer':
    case 'AWS::ApiGatewayV2::Integration':
    case 'AWS::ApiGatewayV2::Route':
      return createHash('sha256').update(`${stack}/${id}`).digest('hex').slice(0, 10);
    case 'AWS::ApiGatewayV2::Stage':
      return '$default';
    case 'AWS::Lambda::LayerVersion':
      return `arn:aws:lambda:${region}:${accountId}:layer:${name}:1`;
    case 'AWS::StepFunctions::StateMachine':
      return `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;
    case 'AWS::SQS::Queue':
      return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${region}:${accountId}:${name}`;
    default:
      return name;
  }
}

/** What `Fn::GetAtt` gives, or undefined for an attribute that nothing here needs. */
export function attributeOf(
  environment: StackEnvironment,
  stack: string,
  id: string,
  type: string,
  attribute: string,
): string | undefined {
  const { region, accountId } = environment;
  const name = referenceTo(environment, stack, id, type);
  switch (`${type} ${attribute}`) {
    case 'AWS::S3::Bucket Arn':
      return `arn:aws:s3:::${name}`;
    case 'AWS::Lambda::Function Arn':
      return functionArn(environment, name);
    case 'AWS::IAM::Role Arn':
      return `arn:aws:iam::${accountId}:role/${name}`;
    case 'AWS::Logs::LogGroup Arn':
      return `arn:aws:logs:${region}:${accountId}:log-group:${name}:*`;
    case 'AWS::StepFunctions::StateMachine Arn':
      return name;
    case 'AWS::StepFunctions::StateMachine Name':
      return shorten(`${stack}-${id}`, 64);
    case 'AWS::ApiGatewayV2::Api ApiEndpoint':
      return environment.apiUrl ?? `https://${name}.execute-api.${region}.amazonaws.com`;
    case 'AWS::ApiGatewayV2::Api ApiId':
    case 'AWS::ApiGatewayV2::Authorizer AuthorizerId':
      return name;
    case 'AWS::Scheduler::Schedule Arn':
      return `arn:aws:scheduler:${region}:${accountId}:schedule/default/${name}`;
    case 'AWS::Scheduler::ScheduleGroup Arn':
      return `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}`;
    case 'AWS::SQS::Queue Arn':
      return `arn:aws:sqs:${region}:${accountId}:${shorten(`${stack}-${id}`, 64)}`;
    default:
      return undefined;
  }
}

/** The ARN that a function has in this stack. */
export function functionArn(environment: StackEnvironment, name: string): string {
  return `arn:aws:lambda:${environment.region}:${environment.accountId}:function:${name}`;
}

/** Keeps a name within the limit and unique: the end gives way to a hash of the whole. */
function shorten(name: string, limit: number): string {
  if (name.length <= limit) return name;
  return `${name.slice(0, limit - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
