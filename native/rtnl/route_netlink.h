// The route netlink socket: links, addresses, routes, policy rules and neighbours of one network namespace.
#pragma once
#include <optional>
#include <vector>

#include "netlink/socket.h"
#include "rtnl/interface_address.h"
#include "rtnl/link.h"
#include "rtnl/neighbour.h"
#include "rtnl/route.h"
#include "rtnl/rule.h"

namespace rp::rtnl {

// Works in the network namespace of the thread that constructs it, for as long as it lives. Not for several threads at
// once. Every call throws NetlinkError when the kernel refuses, ArgumentError for a record that cannot be.
class RouteNetlink {
 public:
  RouteNetlink() : socket_(NETLINK_ROUTE) {}

  template <class Record>
  void apply(Operation operation, const Record& record) {
    netlink::Request request = record.request(operation);
    socket_.request(request, requestName<Record>(operation));
  }

  // One element per record: the refusal, or nothing. A record that cannot be (ArgumentError) throws before any is sent.
  template <class Record>
  std::vector<std::optional<NetlinkError>> applyAll(Operation operation, const std::vector<Record>& records) {
    std::vector<netlink::Request> requests;
    requests.reserve(records.size());
    for (const Record& record : records) requests.push_back(record.request(operation));
    return socket_.batch(requests, requestName<Record>(operation));
  }

  template <class Record>
  std::vector<Record> dump(const DumpFilter& filter = {}) {
    std::vector<Record> records;
    // A dump of AF_UNSPEC would bring other families (MPLS, multicast) with it.
    if (filter.family == 0 && !std::is_same_v<Record, Link>) {
      for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
        DumpFilter narrowed = filter;
        narrowed.family = family;
        dumpInto(narrowed, records);
      }
    } else {
      dumpInto(filter, records);
    }
    return records;
  }

  // By index, or by name if `index` is 0; nothing if there is none.
  std::optional<Link> link(uint32_t index, const std::string& name);

  // The route that a packet would take. A destination without one is NetlinkError ENETUNREACH, a blackhole EINVAL, an
  // unreachable route EHOSTUNREACH, a prohibited one EACCES.
  Route route(const RouteQuery& query);

 private:
  template <class Record>
  void dumpInto(const DumpFilter& filter, std::vector<Record>& records) {
    netlink::Request request = Record::dumpRequest(filter);
    const size_t before = records.size();
    const std::string name = std::string("dump ") + Record::kName;
    try {
      socket_.dump(
          request, name.c_str(),
          [&](const netlink::Message& message) {
            if (auto record = Record::decode(message); record && Record::matches(*record, filter)) {
              records.push_back(std::move(*record));
            }
          },
          [&] { records.resize(before); });
    } catch (const NetlinkError& error) {
      // A table that no route ever made does not exist for the kernel: it is empty.
      if (error.err != ENOENT || filter.table == 0) throw;
    }
  }

  template <class Record>
  static const char* requestName(Operation operation) {
    constexpr bool link = std::is_same_v<Record, Link>, route = std::is_same_v<Record, Route>,
                   rule = std::is_same_v<Record, Rule>, neighbour = std::is_same_v<Record, Neighbour>;
    if (operation == Operation::remove) {
      return link        ? "RTM_DELLINK"
             : route     ? "RTM_DELROUTE"
             : rule      ? "RTM_DELRULE"
             : neighbour ? "RTM_DELNEIGH"
                         : "RTM_DELADDR";
    }
    return link        ? "RTM_NEWLINK"
           : route     ? "RTM_NEWROUTE"
           : rule      ? "RTM_NEWRULE"
           : neighbour ? "RTM_NEWNEIGH"
                       : "RTM_NEWADDR";
  }

  netlink::Socket socket_;
};

}  // namespace rp::rtnl
