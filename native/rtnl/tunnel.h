// Parameters of tunnel links: GRE, GRETAP, IPIP, SIT and those over IPv6 (if_tunnel.h), and xfrm interfaces
// (if_link.h).
#pragma once
#include <optional>
#include <string>

#include "rtnl/record.h"

namespace rp::rtnl {

struct Tunnel {
  Address local;                // none is any
  Address remote;               // none is any: the link sends only where a route or neighbour says so
  std::optional<uint32_t> key;  // GRE, both ways (RFC 2890)
  uint8_t ttl = 0;              // 0 is the inner packet's
  uint8_t tos = 0;              // 1 is the inner packet's
  // Set DF and take part in path MTU discovery; wants a ttl. Over IPv6 there is no other way.
  bool pathMtuDiscovery = true;
  std::optional<uint32_t> ifId;  // xfrm interfaces: of the SAs and policies that are its own

  // Whether links of this kind have these parameters.
  static bool has(const std::string& kind);
  // The attributes of IFLA_INFO_DATA. `parent` is the link that packets leave by, 0 for any. Throws ArgumentError.
  void put(netlink::Request& request, const std::string& kind, uint32_t parent) const;
  static Tunnel decode(const netlink::Attributes& data, const std::string& kind, uint32_t& parent);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("local", self.local);
    v("remote", self.remote);
    v("key", self.key);
    v("ttl", self.ttl);
    v("tos", self.tos);
    v("pathMtuDiscovery", self.pathMtuDiscovery);
    v("ifId", self.ifId);
  }
};

}  // namespace rp::rtnl
