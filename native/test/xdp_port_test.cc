// Against the kernel, in a network namespace of its own: next hops as routes and neighbours change, and protected
// packets past the kernel in both directions.
#include "dataplane/xdp_port.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/clock.h"
#include "dataplane/packet_port.h"
#include "esp/ip_header.h"
#include "test/check.h"

namespace {

using rp::Address;
using rp::Fd;
using rp::dataplane::FramePort;
using rp::dataplane::monotonicNs;
using rp::dataplane::PacketInterface;
using rp::dataplane::XdpInterface;
using rp::rtnl::NextHop;
using rp::rtnl::NextHops;
using Bytes = std::vector<uint8_t>;

void ip(const char* arguments) { CHECK(std::system((std::string("ip ") + arguments).c_str()) == 0); }

// <net/if.h> and the kernel's <linux/if.h> do not go together.
unsigned interfaceIndex(const char* name) { return rp::rtnl::RouteNetlink().link(0, name)->index; }

Address address(const char* text) { return Address::parse(text, "address"); }

bool readable(int fd, int milliseconds) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, milliseconds) > 0;
}

// The first packet is the kernel's; what it has learned by then is known at the second.
const NextHop* second(NextHops& hops, const char* to) {
  CHECK(hops.find(address(to), monotonicNs()) == nullptr);
  return hops.find(address(to), monotonicNs());
}

void changed(NextHops& hops, const char* arguments, bool addresses = false) {
  while (readable(hops.fd(), 0)) hops.refresh();
  ip(arguments);
  CHECK(readable(hops.fd(), 2000));
  bool told = hops.refresh();
  while (addresses && !told && readable(hops.fd(), 2000)) told = hops.refresh();
  CHECK(told || !addresses);
}

void hopsFollowTheKernel() {
  NextHops hops(7);
  CHECK(second(hops, "198.51.100.1") == nullptr);  // no route
  CHECK(second(hops, "192.0.2.2") == nullptr);     // nobody knows it yet
  CHECK(second(hops, "127.0.0.1") == nullptr);     // no Ethernet
  changed(hops, "neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev left");
  const NextHop* hop = second(hops, "192.0.2.2");
  if (!CHECK(hop != nullptr)) return;
  CHECK(hop->interface == interfaceIndex("left") && hop->mtu == 1500);
  CHECK(hop->destination[5] == 2 && hop->source[5] == 1);

  changed(hops, "route add 198.51.100.0/24 via 192.0.2.2 mtu 1400");
  hop = second(hops, "198.51.100.1");
  CHECK(hop != nullptr && hop->destination[5] == 2 && hop->mtu == 1400);
  CHECK(second(hops, "192.0.2.2") != nullptr);
  // Another neighbour is of no account; this one is.
  changed(hops, "neighbour add 192.0.2.3 lladdr 02:00:00:00:00:03 dev left");
  CHECK(hops.find(address("192.0.2.2"), monotonicNs()) != nullptr);
  changed(hops, "neighbour change 192.0.2.2 lladdr 02:00:00:00:00:22 dev left");
  hop = second(hops, "198.51.100.1");
  CHECK(hop != nullptr && hop->destination[5] == 0x22);
  // The kernel's turn comes again.
  CHECK(hops.find(address("198.51.100.1"), monotonicNs() + 60'000'000'000) == nullptr);
  CHECK(hops.find(address("198.51.100.1"), monotonicNs()) != nullptr);

  // By our mark another way.
  changed(hops, "route add default via 192.0.2.3 table 99");
  changed(hops, "rule add fwmark 7 lookup 99 preference 100");
  hop = second(hops, "198.51.100.1");
  CHECK(hop != nullptr && hop->destination[5] == 3);
  changed(hops, "rule del preference 100");
  changed(hops, "address add 2001:db8::1/64 dev left nodad", true);
  changed(hops, "neighbour add 2001:db8::2 lladdr 02:00:00:00:00:66 dev left");
  hop = second(hops, "2001:db8::2");
  CHECK(hop != nullptr && hop->destination[5] == 0x66);
  changed(hops, "neighbour del 192.0.2.2 dev left");
  CHECK(second(hops, "198.51.100.1") == nullptr);
}

// It hears IPv4 alone: the kernel's own Neighbour Discovery and MLD come at any time.
Fd packetSocket(const char* interface) {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP)));
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(ETH_P_IP);
  name.sll_ifindex = static_cast<int>(interfaceIndex(interface));
  CHECK(fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  return fd;
}

Bytes packet(uint8_t protocol, const char* from, const char* to, const Bytes& payload) {
  const Address src = address(from), dst = address(to);
  Bytes p(rp::esp::ipHeaderBytes(src));
  rp::esp::writeIpHeader(p.data(), {src, dst, 0xb8, 61, protocol, false, 1, uint32_t(payload.size())});
  p.insert(p.end(), payload.begin(), payload.end());
  return p;
}

Bytes udp(uint16_t port, const Bytes& payload) {
  Bytes u(8);
  rp::storeBe16(&u[0], 4501);
  rp::storeBe16(&u[2], port);
  rp::storeBe16(&u[4], uint16_t(8 + payload.size()));
  u.insert(u.end(), payload.begin(), payload.end());
  return u;
}

void put(const Fd& fd, const Bytes& ipPacket) {
  Bytes frame(14);
  frame[0] = 2, frame[5] = 1;  // the address of `left`
  rp::storeBe16(&frame[12], ipPacket[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
  frame.insert(frame.end(), ipPacket.begin(), ipPacket.end());
  frame.resize(std::max<size_t>(frame.size(), 60));
  CHECK(::send(fd.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
}

// Every prefix of a frame is refused, whatever the length field in it says.
void cutFramesAreRefused() {
  const Bytes payload{0, 0, 0x10, 1, 0, 0, 0, 7, 1, 2, 3, 4, 5};
  for (const Bytes& whole : {packet(IPPROTO_ESP, "192.0.2.2", "192.0.2.1", payload),
                             packet(IPPROTO_UDP, "192.0.2.2", "192.0.2.1", udp(4500, payload)),
                             packet(IPPROTO_AH, "2001:db8::2", "2001:db8::1", payload)}) {
    Bytes frame(14);
    frame.insert(frame.end(), whole.begin(), whole.end());
    rp::dataplane::CipherFrame out;
    for (size_t bytes = 0; bytes < frame.size(); ++bytes) {
      // In memory of just that length, so that the sanitizer sees a look behind it.
      Bytes cut(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(bytes));
      CHECK(!rp::dataplane::readFrame(cut, 4500, out));
    }
    CHECK(rp::dataplane::readFrame(frame, 4500, out));
    CHECK(!rp::dataplane::readFrame(frame, 4501, out) || out.protocol != IPPROTO_UDP);
  }
}

// ESP in UDP is AF_XDP's alone.
void packetsPastTheKernel(rp::dataplane::FrameInterface& interface, FramePort& port, const char* mode, bool takesUdp) {
  CHECK(port.mode() == mode);
  const Address ours[] = {address("192.0.2.1"), address("2001:db8::1")};
  interface.setAddresses(ours);
  const Fd right = packetSocket("right");

  const Bytes esp{0, 0, 0x10, 1, 0, 0, 0, 7, 1, 2, 3, 4, 5};
  put(right, packet(IPPROTO_ESP, "192.0.2.2", "192.0.2.1", esp));
  put(right, packet(IPPROTO_AH, "2001:db8::2", "2001:db8::1", esp));
  put(right, packet(IPPROTO_UDP, "192.0.2.2", "192.0.2.1", udp(4500, esp)));
  // Refused behind the program: a wrong header checksum, and a UDP length that reaches behind the packet.
  Bytes wrong = packet(IPPROTO_ESP, "192.0.2.2", "192.0.2.1", esp);
  wrong[10] ^= 1;
  put(right, wrong);
  Bytes beyond = packet(IPPROTO_UDP, "192.0.2.2", "192.0.2.1", udp(4500, esp));
  rp::storeBe16(&beyond[24], 500);
  put(right, beyond);
  put(right, packet(IPPROTO_UDP, "2001:db8::2", "2001:db8::1", udp(4500, esp)));

  std::vector<uint8_t> protocols;
  const size_t expected = takesUdp ? 4 : 2;
  while (protocols.size() < expected && readable(port.fd(), 2000)) {
    for (const auto& [received, protocol] : port.receive()) {
      protocols.push_back(protocol);
      CHECK(received.tos == 0xb8 && received.ttl == 61 && received.segmentBytes == received.data.size());
      const bool v4 = received.local.version == 4;
      CHECK(received.local == ours[v4 ? 0 : 1] && received.remote.address == address(v4 ? "192.0.2.2" : "2001:db8::2"));
      CHECK(received.remote.port == (protocol == IPPROTO_UDP ? 4501 : 0));
      const size_t header = v4 && protocol != IPPROTO_UDP ? 20 : 0;
      CHECK(received.data.size() == header + esp.size());
      CHECK_BYTES(received.data.data() + header, esp.data(), esp.size());
      std::memset(received.data.data() - FramePort::kHeadroom, 0, FramePort::kHeadroom);
    }
    port.release();
  }
  CHECK(protocols.size() == expected && protocols[0] == IPPROTO_ESP && protocols[1] == IPPROTO_AH);
  for (size_t i = 2; i < protocols.size(); ++i) CHECK(protocols[i] == IPPROTO_UDP);

  uint8_t in[4096];
  while (::recv(right.get(), in, sizeof in, 0) > 0) {
  }
  NextHop hop{port.interfaceIndex(), 1500, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 1}};
  CHECK(!port.send(Bytes(1501), hop));
  constexpr unsigned kPackets = 5000;
  unsigned arrived = 0;
  for (unsigned i = 0; i < kPackets; ++i) {
    Bytes p = packet(IPPROTO_ESP, "192.0.2.1", "192.0.2.2", Bytes(60));
    rp::storeBe32(&p[20], i);
    CHECK(port.send(p, hop));
    // One of the two leaves it where it is until then.
    CHECK(port.flush() == 0);
    for (; ::recv(right.get(), in, sizeof in, 0) == 94; ++arrived)
      CHECK(rp::loadBe32(in + 34) == arrived && in[5] == 2 && in[11] == 1);
  }
  while (arrived < kPackets && readable(right.get(), 2000)) arrived += ::recv(right.get(), in, sizeof in, 0) == 94;
  CHECK(arrived == kPackets);
}

}  // namespace

int main() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::perror("unshare");
    return 1;
  }
  ip("link add left address 02:00:00:00:00:01 type veth peer name right address 02:00:00:00:00:02");
  ip("link set left up");
  ip("link set right up");
  ip("address add 192.0.2.1/24 dev left");
  hopsFollowTheKernel();
  cutFramesAreRefused();
  {
    const auto interface = std::make_shared<XdpInterface>("left", 4500);
    packetsPastTheKernel(*interface, *interface->port(0, 1, 1024), "AF_XDP native, copy", true);
  }
  try {
    const auto interface = std::make_shared<PacketInterface>("left", 4500);
    packetsPastTheKernel(*interface, *interface->port(0, 1, 1024), "AF_PACKET", false);
  } catch (const rp::UnsupportedError& error) {
    std::printf("AF_PACKET is left out: %s\n", error.what());
  }
  return rp::test::checkFailures();
}
