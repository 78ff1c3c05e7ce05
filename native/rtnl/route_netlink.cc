#include "rtnl/route_netlink.h"

namespace rp::rtnl {

std::optional<Link> RouteNetlink::link(uint32_t index, const std::string& name) {
  if (index == 0 && (name.empty() || name.size() >= IFNAMSIZ)) return std::nullopt;
  netlink::Request request = Link::getRequest(index, name);
  std::optional<Link> found;
  try {
    socket_.request(request, "RTM_GETLINK", [&](const netlink::Message& message) { found = Link::decode(message); });
  } catch (const NetlinkError& error) {
    if (error.err != ENODEV) throw;
  }
  return found;
}

Route RouteNetlink::route(const RouteQuery& query) {
  netlink::Request request = query.request();
  std::optional<Route> found;
  socket_.request(request, "RTM_GETROUTE", [&](const netlink::Message& message) { found = Route::decode(message); });
  if (!found) throw NetlinkError(EPROTO, "RTM_GETROUTE", "the kernel's answer is no route");
  return *found;
}

}  // namespace rp::rtnl
