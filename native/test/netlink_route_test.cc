// Against the kernel, in a network namespace of its own: refusals, batches, dumps under change, lost notifications.
#include <sched.h>
#include <sys/socket.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "netlink/socket.h"
#include "rtnl/monitor.h"
#include "rtnl/route_netlink.h"
#include "test/check.h"

namespace {

using rp::Address;
using rp::NetlinkError;
using rp::Prefix;
using rp::rtnl::InterfaceAddress;
using rp::rtnl::Link;
using rp::rtnl::Monitor;
using rp::rtnl::Operation;
using rp::rtnl::Route;
using rp::rtnl::RouteNetlink;

InterfaceAddress loopbackAddress(unsigned n) {
  InterfaceAddress address;
  address.index = 1;
  address.address = Prefix::parse(
      "10." + std::to_string(n >> 16) + "." + std::to_string(n >> 8 & 255) + "." + std::to_string(n & 255) + "/32",
      "address");
  return address;
}

template <class Body>
NetlinkError refusal(Body&& body) {
  try {
    body();
  } catch (const NetlinkError& error) {
    return error;
  }
  CHECK(!"nothing was refused");
  return NetlinkError(0, "", "");
}

void refusalsNameTheAttribute(RouteNetlink& netlink) {
  Link link;
  link.name = "a-name-of-more-than-15";
  link.kind = "bridge";
  const auto error = refusal([&] { netlink.apply(Operation::add, link); });
  CHECK(error.err == ERANGE && error.attribute == "IFLA_IFNAME" && error.offset == 32 && !error.extack.empty());

  Route route;
  route.dst = Prefix::parse("10.0.0.1/8", "dst");
  route.oif = 1;
  const auto bits = refusal([&] { netlink.apply(Operation::add, route); });
  CHECK(bits.err == EINVAL && !bits.extack.empty());
  CHECK(std::string(bits.what()).find(bits.extack) != std::string::npos);
}

void batchesAnswerEachRequest(RouteNetlink& netlink) {
  std::vector<Route> routes(1000);
  for (unsigned i = 0; i < routes.size(); ++i) {
    routes[i].dst = loopbackAddress(i).address;
    routes[i].oif = 1;
    routes[i].table = 100;
  }
  for (const auto& error : netlink.applyAll(Operation::add, routes)) CHECK(!error);
  rp::rtnl::DumpFilter filter;
  filter.table = 100;
  CHECK(netlink.dump<Route>(filter).size() == routes.size());
  routes[500].dst = Prefix::parse("10.200.0.0/16", "dst");  // the one that is not there yet
  const auto again = netlink.applyAll(Operation::add, routes);
  for (unsigned i = 0; i < again.size(); ++i) CHECK(i == 500 ? !again[i] : again[i] && again[i]->err == EEXIST);
  filter.table = 101;
  CHECK(netlink.dump<Route>(filter).empty());
}

// Every dump that comes through holds each address that was there all the time, once.
void dumpsAreWhole(RouteNetlink& netlink) {
  constexpr unsigned kStable = 1500;
  std::vector<InterfaceAddress> addresses;
  for (unsigned i = 0; i < kStable; ++i) addresses.push_back(loopbackAddress(i));
  for (const auto& error : netlink.applyAll(Operation::add, addresses)) CHECK(!error);
  std::atomic<bool> stop = false;
  std::atomic<unsigned> changes = 0;
  std::thread changer([&] {
    RouteNetlink own;
    const auto address = loopbackAddress(70000);
    while (!stop && changes < 20000) {
      own.apply(Operation::add, address);
      own.apply(Operation::remove, address);
      ++changes;
      std::this_thread::yield();
    }
  });
  int whole = 0;
  for (int i = 0; i < 20; ++i) {
    try {
      std::set<std::string> seen;
      for (const auto& address : netlink.dump<InterfaceAddress>()) {
        if (address.family() == AF_INET) CHECK(seen.insert(address.address->toString()).second);
      }
      for (const auto& address : addresses) CHECK(seen.contains(address.address->toString()));
      ++whole;
    } catch (const NetlinkError& error) {
      CHECK(error.err == EINTR);
    }
  }
  stop = true;
  changer.join();
  std::printf("%d of 20 dumps whole under %u changes\n", whole, changes.load());
  for (const auto& error : netlink.applyAll(Operation::remove, addresses)) CHECK(!error);
  CHECK(netlink.dump<InterfaceAddress>().size() <= 2);
}

// A change between two parts of a dump has the kernel mark the rest (NLM_F_DUMP_INTR): here it happens in the middle of
// every dump that `interruptions` allows, because whoever reads the first entry makes it.
void interruptedDumpsStartAgain(RouteNetlink& netlink) {
  // More than one datagram of the kernel holds.
  std::vector<InterfaceAddress> addresses;
  for (unsigned i = 0; i < 1500; ++i) addresses.push_back(loopbackAddress(i));
  for (const auto& error : netlink.applyAll(Operation::add, addresses)) CHECK(!error);
  const int kNever = rp::netlink::Socket::kDumpAttempts;
  for (const int interruptions : {0, 1, kNever - 1, kNever}) {
    rp::netlink::Socket socket(NETLINK_ROUTE);
    ifaddrmsg filter{};
    filter.ifa_family = AF_INET;
    rp::netlink::Request request(RTM_GETADDR, 0, filter);
    std::vector<InterfaceAddress> more;
    int restarts = 0;
    std::set<std::string> seen;
    const auto entry = [&](const rp::netlink::Message& message) {
      const auto address = InterfaceAddress::decode(message);
      CHECK(address && seen.insert(address->address->toString()).second);
      if (seen.size() == 1 && restarts < interruptions) {
        more.push_back(loopbackAddress(80000u + static_cast<unsigned>(restarts)));
        netlink.apply(Operation::add, more.back());
      }
    };
    const auto restart = [&] {
      ++restarts;
      seen.clear();
    };
    try {
      socket.dump(request, "dump RTM_GETADDR", entry, restart);
      CHECK(interruptions < kNever && restarts == interruptions);
      for (const auto& address : addresses) CHECK(seen.contains(address.address->toString()));
      for (const auto& address : more) CHECK(seen.contains(address.address->toString()));
    } catch (const NetlinkError& error) {
      CHECK(interruptions == kNever && error.err == EINTR && restarts == kNever - 1);
    }
    for (const auto& error : netlink.applyAll(Operation::remove, more)) CHECK(!error);
  }
  for (const auto& error : netlink.applyAll(Operation::remove, addresses)) CHECK(!error);
}

void lossIsTold(RouteNetlink& netlink) {
  Monitor monitor(Monitor::kAddresses);
  const int smallest = 1;
  CHECK(::setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest) == 0);
  std::vector<InterfaceAddress> addresses;
  for (unsigned i = 0; i < 100; ++i) addresses.push_back(loopbackAddress(i));
  netlink.applyAll(Operation::add, addresses);
  int heard = 0;
  bool whole = true;
  for (int i = 0; i < 10; ++i) whole = monitor.receive([&](rp::rtnl::Change&&) { ++heard; }) && whole;
  CHECK(!whole && heard < 100);
  // After the loss it goes on.
  heard = 0;
  netlink.apply(Operation::remove, addresses[0]);
  CHECK(monitor.receive([&](rp::rtnl::Change&& change) {
    ++heard;
    CHECK(change.removed && std::get<InterfaceAddress>(change.record).address == addresses[0].address);
  }));
  CHECK(heard == 1);
}

}  // namespace

int main() {
  if (::unshare(CLONE_NEWNET) < 0) {
    std::printf("skipped: a network namespace of its own needs CAP_SYS_ADMIN\n");
    return 0;
  }
  RouteNetlink netlink;
  Link loopback;
  loopback.index = 1;
  loopback.up = true;
  netlink.apply(Operation::change, loopback);
  CHECK(netlink.link(0, "lo")->index == 1 && netlink.link(1, "")->name == "lo" && !netlink.link(0, "absent"));
  refusalsNameTheAttribute(netlink);
  batchesAnswerEachRequest(netlink);
  dumpsAreWhole(netlink);
  interruptedDumpsStartAgain(netlink);
  lossIsTold(netlink);
  return rp::test::checkFailures();
}
