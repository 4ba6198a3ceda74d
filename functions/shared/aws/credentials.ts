// Whose name a request is signed in. A Lambda finds its credentials in its environment and keeps them for as long as
// its process lives; programs of people bring another source.

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Part of temporary credentials only. */
  readonly sessionToken?: string | undefined;
}

/** Asked before every request, so that it may renew what ends. */
export type CredentialSource = () => AwsCredentials | Promise<AwsCredentials>;

/** The credentials that Lambda puts into a function's environment. @throws Error naming the variable that is missing */
export function environmentCredentials(variables: Readonly<Record<string, string | undefined>>): AwsCredentials {
  return {
    accessKeyId: required(variables, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(variables, 'AWS_SECRET_ACCESS_KEY'),
    sessionToken: variables['AWS_SESSION_TOKEN'],
  };
}

/** The value of an environment variable. @throws Error naming it where it is missing or empty */
export function required(variables: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = variables[name];
  if (!value) throw new Error(`the environment has no ${name}; Lambda sets it, and elsewhere whoever starts the code`);
  return value;
}
