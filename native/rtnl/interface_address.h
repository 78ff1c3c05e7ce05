// Interface addresses: RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR of rtnetlink(7).
#pragma once
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "rtnl/record.h"

namespace rp::rtnl {

struct InterfaceAddress {
  static constexpr uint16_t kNew = RTM_NEWADDR, kDelete = RTM_DELADDR, kGet = RTM_GETADDR;
  static constexpr const char* kName = "address";
  static constexpr uint32_t kForever = 0xffffffff;

  uint32_t index = 0;
  std::optional<Prefix> address;  // IFA_LOCAL; the prefix length is the peer's network when there is a peer
  std::optional<Address> peer;    // IFA_ADDRESS of a point-to-point interface
  std::optional<Address> broadcast;
  std::string label;
  std::optional<uint8_t> scope;
  uint32_t flags = 0;                        // IFA_F_*
  std::optional<uint32_t> preferredSeconds;  // nothing is forever
  std::optional<uint32_t> validSeconds;
  uint32_t priority = 0;  // metric of the prefix route
  uint8_t protocol = 0;   // IFAPROT_*, Linux 5.18

  uint8_t family() const { return address ? address->address.family() : 0; }
  netlink::Request request(Operation operation) const;
  static netlink::Request dumpRequest(const DumpFilter& filter);
  static bool matches(const InterfaceAddress& address, const DumpFilter& filter);
  static std::optional<InterfaceAddress> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("index", self.index);
    v("address", self.address);
    v("peer", self.peer);
    v("broadcast", self.broadcast);
    v("label", self.label);
    v.named("scope", self.scope, kScopes);
    v("preferredSeconds", self.preferredSeconds);
    v("validSeconds", self.validSeconds);
    v("priority", self.priority);
    v("protocol", self.protocol);
    v.flag("noprefixroute", self.flags, IFA_F_NOPREFIXROUTE);
    v.flag("nodad", self.flags, IFA_F_NODAD);
    v.flag("permanent", self.flags, IFA_F_PERMANENT);
    v.flag("tentative", self.flags, IFA_F_TENTATIVE);
    v.flag("dadfailed", self.flags, IFA_F_DADFAILED);
    v.flag("deprecated", self.flags, IFA_F_DEPRECATED);
    v.flag("secondary", self.flags, IFA_F_SECONDARY);
  }
};

}  // namespace rp::rtnl
