import { NetlinkError, UnsupportedError } from '../errors.ts';
import type { SaSpec } from './dataplane.ts';
import { algorithmModules } from './kernel-algorithm.ts';

/**
 * What the kernel's refusal of an SA means: a transform or algorithm that it has not got is an UnsupportedError with the kernel's
 * code and words, and the module that would bring it. Any other error comes back as it is.
 */
export function saRefusal(
  error: unknown,
  spec: Pick<SaSpec, 'protocol' | 'dst' | 'encryption' | 'integrity'>,
): unknown {
  if (!(error instanceof NetlinkError)) return error;
  const family = spec.dst.includes(':') ? 6 : 4;
  if (error.code === 'EPROTONOSUPPORT') {
    // The only one without its 4.
    const module = spec.protocol === 'ipcomp' && family === 4 ? 'ipcomp' : `${spec.protocol}${family}`;
    return unsupported(error, `${spec.protocol.toUpperCase()} over IPv${family} in the kernel`, [module]);
  }
  if (error.code !== 'ENOSYS') return error;
  const names = spec.protocol === 'esp' ? [spec.encryption, spec.integrity] : [spec.integrity];
  return unsupported(
    error,
    `${names.filter((name) => name !== 'none').join(' with ')} in the kernel`,
    algorithmModules(spec),
  );
}

function unsupported(error: NetlinkError, feature: string, modules: readonly string[]): UnsupportedError {
  const said = error.extack === '' ? error.code : `${error.code}: ${error.extack}`;
  const missing =
    modules.length === 0 ? 'no module brings it' : `the module ${modules.join(' or ')} is missing or cannot be loaded`;
  const unsupported = new UnsupportedError(feature, '', `${feature} is not available here (${said}); ${missing}`);
  unsupported.cause = error;
  return unsupported;
}
