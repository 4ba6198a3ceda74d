// Where the agent keeps what must survive: waiting profiles, what was sent last.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `--state`, else $SUGARBUSH_STATE, else systemd's StateDirectory, else the user's own state folder. */
export function stateFolder(option: string | undefined, env: NodeJS.ProcessEnv): string {
  const systemd = env['STATE_DIRECTORY']?.split(':')[0];
  const user = env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return option ?? env['SUGARBUSH_STATE'] ?? systemd ?? join(user, 'sugarbush-agent');
}

/** Where profiles wait inside the state folder. */
export const spoolFolder = (state: string): string => join(state, 'spool');

/** Where engines that were built are kept inside the state folder. */
export const engineFolder = (state: string): string => join(state, 'engines');
