// What the rtnl records share. A record is a struct of optional parts with three members:
//   static void fields(Self&, Visitor&&)   every field with its JavaScript name, for the binding
//   netlink::Request request(Operation) const
//   static std::optional<Record> decode(const netlink::Message&)   nothing if the message is of another kind
#pragma once
#include <cstdint>

#include "base/error.h"
#include "base/prefix.h"
#include "netlink/message.h"
#include "netlink/name.h"
#include "netlink/request.h"

namespace rp::rtnl {

enum class Operation : uint8_t {
  add,      // EEXIST if it is there
  replace,  // adds or overwrites
  change,   // of what is there
  remove,
};

// NLM_F_* for an operation on an RTM_NEW* message.
constexpr uint16_t operationFlags(Operation operation) {
  switch (operation) {
    case Operation::add:
      return NLM_F_CREATE | NLM_F_EXCL;
    case Operation::replace:
      return NLM_F_CREATE | NLM_F_REPLACE;
    case Operation::change:
      return NLM_F_REPLACE;
    case Operation::remove:
      return 0;
  }
  return 0;
}

using netlink::Name;
using netlink::Names;

// RT_SCOPE_*, for routes and addresses.
inline constexpr Name kScopes[] = {{0, "global"}, {200, "site"}, {253, "link"}, {254, "host"}, {255, "nowhere"}};

// What a dump is narrowed to; zero and empty are any.
struct DumpFilter {
  uint8_t family = 0;
  uint32_t index = 0;    // addresses, neighbours: of this interface; routes: out of it
  uint32_t table = 0;    // routes
  uint8_t protocol = 0;  // routes: RTPROT_*
  uint32_t master = 0;   // links
  std::string kind;      // links

  template <class Self, class V>
  static void fields(Self& self, V&& v);
};

inline constexpr Name kFamilies[] = {{2, "inet"}, {10, "inet6"}};

template <class Self, class V>
void DumpFilter::fields(Self& self, V&& v) {
  v.named("family", self.family, kFamilies);
  v("index", self.index);
  v("table", self.table);
  v("protocol", self.protocol);
  v("master", self.master);
  v("kind", self.kind);
}

// The address in an attribute, if its length is that of `family`.
inline std::optional<Address> addressOf(const netlink::Attribute& attribute, uint8_t family) {
  const auto address = Address::fromOctets(attribute.payload);
  return address && address->family() == family ? address : std::nullopt;
}

// Throws ArgumentError naming `property` unless `address` is of `family`.
inline void requireFamily(const Address& address, uint8_t family, const char* property) {
  if (address.family() != family)
    throw ArgumentError(std::string(property) + ": not of the family of the other addresses");
}

}  // namespace rp::rtnl
