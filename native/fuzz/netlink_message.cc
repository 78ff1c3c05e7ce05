// A datagram of netlink messages through every decoder.
#include <cstddef>
#include <cstdint>

#include "netlink/message.h"
#include "rtnl/monitor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rp::netlink::Bytes datagram(data, size);
  while (const auto message = rp::netlink::nextMessage(datagram)) {
    rp::netlink::decodeAcknowledgement(*message);
    const auto change = rp::rtnl::decodeChange(*message);
    if (!change) continue;
    // What was decoded can be used: its addresses print, and it can be written again unless it lacks what a request
    // needs.
    if (const auto* route = std::get_if<rp::rtnl::Route>(&change->record)) {
      if (route->dst->toString().empty()) __builtin_trap();
      try {
        route->request(rp::rtnl::Operation::add);
      } catch (const rp::ArgumentError&) {
      }
    }
  }
  return 0;
}
