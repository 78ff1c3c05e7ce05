// Frames from the wire: what is taken for a protected packet lies inside the frame, with its IP header.
#include <cstdlib>
#include <vector>

#include "dataplane/cipher_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> frame(data, data + size);
  rp::dataplane::CipherFrame out;
  if (!rp::dataplane::readFrame(frame, 4500, out)) return 0;
  const auto& r = out.received;
  const uint8_t* const first = r.data.data() - r.headerBytes;
  if (r.data.empty() || first < frame.data() + 14 || r.data.data() + r.data.size() > frame.data() + size) std::abort();
  if (r.segmentBytes != r.data.size() || r.local.version == 0 || r.local.version != r.remote.address.version)
    std::abort();
  return 0;
}
