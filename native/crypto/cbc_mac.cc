#include "crypto/cbc_mac.h"

namespace rp::crypto {

void absorb(const CbcMacKernel& kernel, MacJob& j) {
  if (j.headBlocks > 0) kernel.absorb(j.context, j.state, j.head, j.headBlocks);
  if (j.textBlocks > 0) kernel.absorb(j.context, j.state, j.text, j.textBlocks);
  if (j.tailBlocks > 0) kernel.absorb(j.context, j.state, j.tail, j.tailBlocks);
}

void absorb(const CbcMacKernel& kernel, MacJob* jobs, size_t count) {
  if (kernel.absorbMany != nullptr && count > 1) return kernel.absorbMany(jobs, count);
  for (size_t i = 0; i < count; i++) absorb(kernel, jobs[i]);
}

}  // namespace rp::crypto
