import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { Configuration } from '../routeros/configuration.ts';
import { reload } from '../routeros/console.ts';
import { onValidateIpsec } from './ipsec/validate.ts';
import { onValidateSystem } from './system/validate.ts';

/** Makes `configuration` what the file says, all of it or nothing. Throws ConfigError with file, line and column. */
export function loadFile(configuration: Configuration, file: string): void {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError((error as Error).message, '');
  }
  reload(configuration, source, file);
}

/** What is wrong with a configuration file, in words; empty if nothing is. Touches nothing but the file. */
export function checkFile(file: string): string[] {
  const configuration = new Configuration();
  onValidateSystem(configuration);
  onValidateIpsec(configuration);
  try {
    loadFile(configuration, file);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [error.message];
  }
}
