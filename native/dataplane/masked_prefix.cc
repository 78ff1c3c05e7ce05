#include "dataplane/masked_prefix.h"

#include "base/bytes.h"
#include "base/error.h"

namespace rp::dataplane {

MaskedPrefix MaskedPrefix::parse(const std::string& text, const char* property) {
  const Prefix prefix = Prefix::parse(text, property);
  MaskedPrefix p;
  p.network = prefix.address;
  p.length = prefix.length;
  for (unsigned i = 0; i < p.length; ++i) p.mask[i / 8] |= static_cast<uint8_t>(0x80 >> (i % 8));
  if (!p.contains(p.network)) throw ArgumentError(std::string(property) + ": host bits are set: " + text);
  return p;
}

bool MaskedPrefix::contains(const Address& a) const {
  if (a.version != network.version) return false;
  const uint64_t high = (load<uint64_t>(a.bytes) & load<uint64_t>(mask)) ^ load<uint64_t>(network.bytes);
  const uint64_t low = (load<uint64_t>(a.bytes + 8) & load<uint64_t>(mask + 8)) ^ load<uint64_t>(network.bytes + 8);
  return (high | low) == 0;
}

}  // namespace rp::dataplane
