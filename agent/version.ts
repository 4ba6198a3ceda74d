// Name and version of this agent, as profiles state it. The build puts the version in; from the sources it is `dev`.
declare const SUGARBUSH_AGENT_VERSION: string | undefined;

export const agentVersion = `sugarbush-agent ${
  typeof SUGARBUSH_AGENT_VERSION === 'undefined' ? 'dev' : SUGARBUSH_AGENT_VERSION
}`;
