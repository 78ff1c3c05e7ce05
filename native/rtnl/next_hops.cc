#include "rtnl/next_hops.h"

#include <cstdio>

namespace rp::rtnl {
namespace {

constexpr size_t kMost = 4096;
constexpr uint64_t kSecondNs = 1'000'000'000;
// As often as the kernel asks for a neighbour that it uses: base_reachable_time.
constexpr uint64_t kKernelsTurnNs = 30 * kSecondNs;
// What could not be sent past the kernel is looked at again, if no message comes before.
constexpr uint64_t kAgainNs = 1 * kSecondNs;

bool parseMac(const std::string& text, std::array<uint8_t, 6>& mac) {
  return std::sscanf(text.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                     &mac[5]) == 6;
}

}  // namespace

const NextHop* NextHops::find(const Address& destination, uint64_t nowNs) {
  auto at = known_.find(destination);
  if (at != known_.end() && nowNs < at->second.kernelsTurnNs) return at->second.usable ? &at->second.hop : nullptr;
  if (at == known_.end() && known_.size() == kMost) known_.clear();
  Known& known = known_[destination];
  known.usable = resolve(destination, known);
  known.kernelsTurnNs = nowNs + (known.usable ? kKernelsTurnNs : kAgainNs);
  return nullptr;
}

bool NextHops::resolve(const Address& destination, Known& known) {
  NextHop& hop = known.hop;
  try {
    RouteQuery query;
    query.dst = destination;
    query.mark = mark_;
    const Route route = netlink_.route(query);
    if (route.type != RTN_UNICAST || route.oif == 0) return false;
    const auto link = netlink_.link(route.oif, "");
    if (!link || link->type != ARPHRD_ETHER || !parseMac(link->macAddress, hop.source)) return false;
    hop.interface = route.oif;
    hop.mtu = route.mtu != 0 ? route.mtu : link->mtu;
    known.next = route.gateway.value_or(destination);
    DumpFilter filter;
    filter.index = route.oif;
    filter.family = static_cast<uint8_t>(known.next.family());
    for (const Neighbour& neighbour : netlink_.dump<Neighbour>(filter)) {
      constexpr uint16_t kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
      if (neighbour.dst == known.next && neighbour.state && (*neighbour.state & kUsable) != 0)
        return parseMac(neighbour.macAddress, hop.destination);
    }
  } catch (const NetlinkError&) {  // no route
  }
  return false;
}

bool NextHops::refresh() {
  bool addresses = false;
  const bool complete = monitor_.receive([&](Change&& change) {
    addresses = addresses || std::holds_alternative<InterfaceAddress>(change.record);
    const auto* neighbour = std::get_if<Neighbour>(&change.record);
    if (neighbour == nullptr) return known_.clear();
    std::erase_if(known_, [&](const auto& entry) {
      const Known& known = entry.second;
      return !known.usable || (known.hop.interface == neighbour->index && known.next == neighbour->dst);
    });
  });
  if (!complete) known_.clear();
  return addresses || !complete;
}

}  // namespace rp::rtnl
