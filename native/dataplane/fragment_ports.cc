#include "dataplane/fragment_ports.h"

#include "base/bytes.h"

namespace rp::dataplane {

size_t FragmentPorts::indexOf(const Flow& f) {
  uint64_t h =
      f.identification * 0x9e3779b97f4a7c15u ^ load<uint64_t>(f.source.bytes + (f.source.version == 4 ? 0 : 8));
  h = (h ^ h >> 32) * 0xff51afd7ed558ccdu ^ f.protocol;
  return (h >> 40) % kSlots;
}

void FragmentPorts::remember(const Flow& f, uint64_t nowNs) {
  if (!f.fragment || f.laterFragment || f.opaquePorts) return;
  slots_[indexOf(f)] = {f.source, f.destination, nowNs, f.identification, f.sourcePort, f.destinationPort, f.protocol};
}

void FragmentPorts::resolve(Flow& f, uint64_t nowNs) const {
  if (!f.laterFragment) return;
  const Slot& s = slots_[indexOf(f)];
  if (s.seenAtNs == 0 || nowNs - s.seenAtNs > kLifetimeNs || s.identification != f.identification ||
      s.protocol != f.protocol || !(s.source == f.source) || !(s.destination == f.destination))
    return;
  f.sourcePort = s.sourcePort;
  f.destinationPort = s.destinationPort;
  f.opaquePorts = false;
}

}  // namespace rp::dataplane
