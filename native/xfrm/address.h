// xfrm_address_t from and to Address, and the small structs that many XFRM messages share.
#pragma once
#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/error.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "xfrm/names.h"

namespace rp::xfrm {

inline xfrm_address_t toXfrm(const Address& address) {
  xfrm_address_t a{};
  std::memcpy(&a, address.bytes, address.size());
  return a;
}

// Of AF_INET or AF_INET6; none for another family.
inline Address fromXfrm(const xfrm_address_t& a, uint16_t family) {
  if (family == AF_INET) return Address::v4(&a);
  if (family == AF_INET6) return Address::v6(&a);
  return Address{};
}

// Throws ArgumentError naming `property` unless the two are of one family. An address of no family is any address.
inline void requireOneFamily(const Address& a, const Address& b, const char* property) {
  if (a.version != 0 && b.version != 0 && a.version != b.version)
    throw ArgumentError(std::string(property) + ": not of the IP version of the other address");
}

// XFRMA_MARK: an SA or policy is looked up for packets whose mark, masked, is the value.
struct Mark {
  uint32_t value = 0;
  uint32_t mask = 0xffffffff;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("value", self.value);
    v("mask", self.mask);
  }
};

inline void putMark(netlink::Request& request, const std::optional<Mark>& mark) {
  if (mark) request.put(NLA(XFRMA_MARK), xfrm_mark{mark->value, mark->mask});
}

// The kernel writes a mark of 0/0 where there is none.
inline std::optional<Mark> decodeMark(const netlink::Attribute& attribute) {
  const auto mark = attribute.as<xfrm_mark>();
  if (!mark || (mark->v == 0 && mark->m == 0)) return std::nullopt;
  return Mark{mark->v, mark->m};
}

// XFRMA_OFFLOAD_DEV.
struct Offload {
  uint32_t ifindex = 0;
  uint8_t flags = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("ifindex", self.ifindex);
    v.flag("inbound", self.flags, XFRM_OFFLOAD_INBOUND);
    v.flag("packet", self.flags, kOffloadPacket);
  }
};

inline void putOffload(netlink::Request& request, const std::optional<Offload>& offload) {
  if (!offload) return;
  xfrm_user_offload o{};
  o.ifindex = static_cast<int>(offload->ifindex);
  o.flags = offload->flags;
  request.put(NLA(XFRMA_OFFLOAD_DEV), o);
}

inline std::optional<Offload> decodeOffload(const netlink::Attribute& attribute) {
  const auto o = attribute.as<xfrm_user_offload>();
  return o ? std::optional(Offload{static_cast<uint32_t>(o->ifindex), o->flags}) : std::nullopt;
}

}  // namespace rp::xfrm
