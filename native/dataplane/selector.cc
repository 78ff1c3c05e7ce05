#include "dataplane/selector.h"

namespace rp::dataplane {
namespace {

// ICMP and Mobility Headers have one type and no ports of two ends: either range may say it (RFC 7296 3.13.1: "traffic
// selectors ... the same in both directions").
bool hasOneValue(uint8_t protocol) { return protocol == 1 || protocol == 58 || protocol == 135; }

// A later IPv6 fragment says what its fragmentable part begins with, which may be another extension header.
bool hidesProtocol(const Flow& f) {
  return f.source.version == 6 && (f.protocol == 0 || f.protocol == 43 || f.protocol == 51 || f.protocol == 60);
}

}  // namespace

bool Selector::containsAddresses(const Flow& flow, Direction direction) const {
  const bool out = direction == Direction::kOut;
  return local.contains(out ? flow.source : flow.destination) && remote.contains(out ? flow.destination : flow.source);
}

bool Selector::mayMatch(const Flow& flow, Direction direction) const {
  if (!flow.fragment || !flow.opaquePorts || !containsAddresses(flow, direction)) return false;
  if (protocol != 0 && protocol != flow.protocol) return hidesProtocol(flow);
  return !localPorts.any() || !remotePorts.any();
}

bool Selector::matches(const Flow& flow, Direction direction) const {
  const bool out = direction == Direction::kOut;
  if (protocol != 0 && protocol != flow.protocol) return false;
  if (!containsAddresses(flow, direction)) return false;
  if (localPorts.any() && remotePorts.any()) return true;
  if (flow.opaquePorts) return false;
  if (hasOneValue(flow.protocol)) return localPorts.contains(flow.sourcePort) && remotePorts.contains(flow.sourcePort);
  return localPorts.contains(out ? flow.sourcePort : flow.destinationPort) &&
         remotePorts.contains(out ? flow.destinationPort : flow.sourcePort);
}

}  // namespace rp::dataplane
