#include "dataplane/sa.h"

#include <algorithm>

namespace rp::dataplane {

Sa::Sa(const SaSpec& spec, uint64_t nowNs, int64_t nowRealtimeMs)
    : addedAtMs(nowRealtimeMs),
      padsToPath(spec.padsToPath),
      dummiesPerSecond(spec.dummiesPerSecond),
      key_{spec.parameters.spi, spec.parameters.dst, spec.parameters.protocol},
      direction_(spec.direction),
      mode_(spec.parameters.mode),
      reqid_(spec.reqid),
      selectors_(spec.selectors),
      lifetime_(spec.lifetime),
      addedAtNs_(nowNs) {
  if (direction_ == Direction::kIn)
    in_.emplace(spec.parameters);
  else
    out_.emplace(spec.parameters);
}

bool Sa::admits(const Flow& flow, Direction direction) const {
  const auto matches = [&](const Selector& s) { return s.matches(flow, direction); };
  return selectors_.empty() || std::any_of(selectors_.begin(), selectors_.end(), matches);
}

void Sa::setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort) {
  if (direction_ == Direction::kIn)
    in_->setEndpoints(src, dst, udp, srcPort, dstPort);
  else
    out_->setEndpoints(src, dst, udp, srcPort, dstPort);
  key_.dst = dst;
  reportedMapping.reset();
  pathMtu = 0;
  pathMtuAtNs = 0;
}

}  // namespace rp::dataplane
