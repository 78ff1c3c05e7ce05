#include "rtnl/monitor.h"

namespace rp::rtnl {
namespace {

constexpr struct {
  uint32_t bit;
  uint32_t group;
} kGroups[] = {{Monitor::kLinks, RTNLGRP_LINK},
               {Monitor::kAddresses, RTNLGRP_IPV4_IFADDR},
               {Monitor::kAddresses, RTNLGRP_IPV6_IFADDR},
               {Monitor::kRoutes, RTNLGRP_IPV4_ROUTE},
               {Monitor::kRoutes, RTNLGRP_IPV6_ROUTE},
               {Monitor::kRules, RTNLGRP_IPV4_RULE},
               {Monitor::kRules, RTNLGRP_IPV6_RULE},
               {Monitor::kNeighbours, RTNLGRP_NEIGH}};

std::vector<uint32_t> groupsOf(uint32_t what) {
  std::vector<uint32_t> groups;
  for (const auto& [bit, group] : kGroups) {
    if ((what & bit) != 0) groups.push_back(group);
  }
  return groups;
}

template <class Record>
std::optional<Change> changeOf(const netlink::Message& message) {
  auto record = Record::decode(message);
  if (!record) return std::nullopt;
  return Change{message.header.nlmsg_type == Record::kDelete, std::move(*record)};
}

}  // namespace

std::optional<Change> decodeChange(const netlink::Message& message) {
  switch (message.header.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return changeOf<Link>(message);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return changeOf<InterfaceAddress>(message);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return changeOf<Route>(message);
    case RTM_NEWRULE:
    case RTM_DELRULE:
      return changeOf<Rule>(message);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return changeOf<Neighbour>(message);
    default:
      return std::nullopt;
  }
}

Monitor::Monitor(uint32_t what) : subscription_(NETLINK_ROUTE, groupsOf(what)) {}

bool Monitor::receive(const std::function<void(Change&&)>& handler) {
  return subscription_.receive([&](const netlink::Message& message) {
    if (auto change = decodeChange(message)) handler(std::move(*change));
  });
}

}  // namespace rp::rtnl
