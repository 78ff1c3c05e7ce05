// Which compiler builds the addon: clang 19 makes 5 to 30 % faster code of the kernels for x86 than GCC 12; whoever sets CXX
// knows better. The binary notes which one it was (native/crypto/compiled_by.h).
import { spawnSync } from 'node:child_process';

/** `CC` and `CXX` for a build on this machine for itself, where they are not to be what they are already. */
export function compiler() {
  if (process.arch !== 'x64' || process.env.CXX !== undefined || process.env.CXX_target !== undefined) return {};
  const clang = ['clang++-19', 'clang++-20', 'clang++-21'].find((name) => spawnSync(name, ['--version']).status === 0);
  return clang === undefined ? {} : { CXX: clang, CC: process.env.CC ?? clang.replace('++', '') };
}
