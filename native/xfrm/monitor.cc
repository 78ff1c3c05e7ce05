#include "xfrm/monitor.h"

namespace rp::xfrm {
namespace {

constexpr struct {
  uint32_t bit;
  uint32_t group;
} kGroups[] = {{Monitor::kAcquire, XFRMNLGRP_ACQUIRE},
               {Monitor::kExpire, XFRMNLGRP_EXPIRE},
               {Monitor::kSa, XFRMNLGRP_SA},
               {Monitor::kPolicy, XFRMNLGRP_POLICY},
               {Monitor::kAsyncEvent, XFRMNLGRP_AEVENTS},
               {Monitor::kReport, XFRMNLGRP_REPORT},
               {Monitor::kMigrate, XFRMNLGRP_MIGRATE},
               {Monitor::kMapping, XFRMNLGRP_MAPPING}};

std::vector<uint32_t> groupsOf(uint32_t what) {
  std::vector<uint32_t> groups;
  for (const auto& [bit, group] : kGroups) {
    if ((what & bit) != 0) groups.push_back(group);
  }
  return groups;
}

}  // namespace

Monitor::Monitor(uint32_t what) : subscription_(NETLINK_XFRM, groupsOf(what)) {}

bool Monitor::receive(const std::function<void(Event&&)>& handler) {
  return subscription_.receive([&](const netlink::Message& message) {
    if (auto event = decodeEvent(message)) handler(std::move(*event));
  });
}

}  // namespace rp::xfrm
