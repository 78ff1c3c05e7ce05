#include "rtnl/neighbour.h"

#include "base/mac_address.h"

namespace rp::rtnl {

using netlink::Attribute;
using netlink::Request;

Request Neighbour::request(Operation operation) const {
  if (index == 0) throw ArgumentError("index: a neighbour needs the index of its link");
  if (!dst) throw ArgumentError("dst: a neighbour needs one");
  const bool removing = operation == Operation::remove;
  ndmsg fixed{};
  fixed.ndm_family = static_cast<uint8_t>(dst->family());
  fixed.ndm_ifindex = static_cast<int>(index);
  fixed.ndm_state = state.value_or(NUD_PERMANENT);
  fixed.ndm_flags = flags;
  Request request(removing ? kDelete : kNew, operationFlags(operation), fixed);
  request.put(NLA(NDA_DST), dst->octets());
  if (!removing && !macAddress.empty()) request.put(NLA(NDA_LLADDR), parseMacAddress(macAddress));
  return request;
}

Request Neighbour::dumpRequest(const DumpFilter& filter) {
  ndmsg fixed{};
  fixed.ndm_family = filter.family;
  Request request(kGet, 0, fixed);
  if (filter.index != 0) request.put(NLA(NDA_IFINDEX), filter.index);
  return request;
}

bool Neighbour::matches(const Neighbour& neighbour, const DumpFilter& filter) {
  return (filter.family == 0 || neighbour.dst->family() == filter.family) &&
         (filter.index == 0 || neighbour.index == filter.index);
}

std::optional<Neighbour> Neighbour::decode(const netlink::Message& message) {
  const auto fixed = message.fixed<ndmsg>();
  if (!fixed || (message.header.nlmsg_type != kNew && message.header.nlmsg_type != kDelete)) return std::nullopt;
  Neighbour neighbour;
  neighbour.index = static_cast<uint32_t>(fixed->ndm_ifindex);
  neighbour.state = fixed->ndm_state;
  neighbour.flags = fixed->ndm_flags;
  for (const Attribute& a : message.attributes<ndmsg>()) {
    if (a.type == NDA_DST) neighbour.dst = addressOf(a, fixed->ndm_family);
    if (a.type == NDA_LLADDR) neighbour.macAddress = formatMacAddress(a.payload);
  }
  // Bridge forwarding entries have no address; they are no neighbours in the sense of RFC 4861.
  if (!neighbour.dst) return std::nullopt;
  return neighbour;
}

}  // namespace rp::rtnl
