#include "rtnl/interface_address.h"

#include <sys/socket.h>

namespace rp::rtnl {

using netlink::Attribute;
using netlink::Request;

Request InterfaceAddress::request(Operation operation) const {
  if (!address) throw ArgumentError("address: one is needed");
  if (index == 0) throw ArgumentError("index: an address needs an interface");
  const bool removing = operation == Operation::remove;
  ifaddrmsg fixed{};
  fixed.ifa_family = family();
  fixed.ifa_prefixlen = address->length;
  fixed.ifa_scope = scope.value_or(RT_SCOPE_UNIVERSE);
  fixed.ifa_index = index;

  Request request(removing ? kDelete : kNew, operationFlags(operation), fixed);
  if (peer) requireFamily(*peer, family(), "peer");
  request.put(NLA(IFA_LOCAL), address->address.octets());
  request.put(NLA(IFA_ADDRESS), (peer ? *peer : address->address).octets());
  if (broadcast) {
    requireFamily(*broadcast, AF_INET, "broadcast");
    request.put(NLA(IFA_BROADCAST), broadcast->octets());
  }
  if (!label.empty()) request.putString(NLA(IFA_LABEL), label);
  if (removing) return request;
  const uint32_t settable = flags & (IFA_F_NOPREFIXROUTE | IFA_F_NODAD);
  if (settable != 0) request.put(NLA(IFA_FLAGS), settable);
  if (preferredSeconds || validSeconds) {
    const uint32_t valid = validSeconds.value_or(kForever);
    request.put(NLA(IFA_CACHEINFO), ifa_cacheinfo{preferredSeconds.value_or(valid), valid, 0, 0});
  }
  if (priority != 0) request.put(NLA(IFA_RT_PRIORITY), priority);
  if (protocol != 0) request.put(NLA(IFA_PROTO), protocol);
  return request;
}

Request InterfaceAddress::dumpRequest(const DumpFilter& filter) {
  ifaddrmsg fixed{};
  fixed.ifa_family = filter.family;
  fixed.ifa_index = filter.index;
  return Request(kGet, 0, fixed);
}

bool InterfaceAddress::matches(const InterfaceAddress& address, const DumpFilter& filter) {
  return (filter.family == 0 || address.family() == filter.family) &&
         (filter.index == 0 || address.index == filter.index);
}

std::optional<InterfaceAddress> InterfaceAddress::decode(const netlink::Message& message) {
  const auto fixed = message.fixed<ifaddrmsg>();
  if (!fixed || (message.header.nlmsg_type != kNew && message.header.nlmsg_type != kDelete)) return std::nullopt;
  const uint8_t family = fixed->ifa_family;
  const uint8_t bits = Address::any(family).bitLength();
  if (bits == 0 || fixed->ifa_prefixlen > bits) return std::nullopt;

  InterfaceAddress record;
  record.index = fixed->ifa_index;
  record.scope = fixed->ifa_scope;
  record.flags = fixed->ifa_flags;
  std::optional<Address> local, far;
  for (const Attribute& a : message.attributes<ifaddrmsg>()) {
    switch (a.type) {
      case IFA_LOCAL:
        local = addressOf(a, family);
        break;
      case IFA_ADDRESS:
        far = addressOf(a, family);
        break;
      case IFA_BROADCAST:
        record.broadcast = addressOf(a, family);
        break;
      case IFA_LABEL:
        record.label = a.asString();
        break;
      case IFA_FLAGS:
        record.flags = a.asOr<uint32_t>(record.flags);
        break;
      case IFA_CACHEINFO:
        if (const auto cache = a.as<ifa_cacheinfo>()) {
          if (cache->ifa_prefered != kForever) record.preferredSeconds = cache->ifa_prefered;
          if (cache->ifa_valid != kForever) record.validSeconds = cache->ifa_valid;
        }
        break;
      case IFA_RT_PRIORITY:
        record.priority = a.asOr<uint32_t>(0);
        break;
      case IFA_PROTO:
        record.protocol = a.asOr<uint8_t>(0);
        break;
    }
  }
  // IPv6 gives IFA_LOCAL only when there is a peer.
  if (!local) local = far;
  if (!local) return std::nullopt;
  record.address = Prefix{*local, fixed->ifa_prefixlen};
  if (far && *far != *local) record.peer = far;
  return record;
}

}  // namespace rp::rtnl
