// Against the kernel, in a network namespace of its own with a veth pair: what the program steers where, in the driver
// and after it; both directions; frames that come back; a memory for several sockets; refusals in words.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "rtnl/route_netlink.h"
#include "test/check.h"
#include "xdp/program.h"
#include "xdp/socket.h"

namespace {

using rp::Address;
using rp::ArgumentError;
using rp::Fd;
using rp::SystemError;
using rp::xdp::Binding;
using rp::xdp::Frame;
using rp::xdp::Hook;
using rp::xdp::Program;
using rp::xdp::Socket;
using rp::xdp::Steering;
using rp::xdp::Umem;
using Bytes = std::vector<uint8_t>;

constexpr char kOurs4[] = "192.0.2.1", kOurs6[] = "2001:db8::1";

// A frame whose last octet is its number, to know it again.
Bytes ipv4(uint8_t number, uint8_t protocol, const char* to, Bytes payload, uint16_t fragment = 0, size_t options = 0) {
  Bytes f(14 + 20 + options);
  rp::storeBe16(&f[12], ETH_P_IP);
  f[14] = static_cast<uint8_t>(0x45 + options / 4);
  rp::storeBe16(&f[20], fragment);
  f[22] = 64;
  f[23] = protocol;
  std::memcpy(&f[30], Address::parse(to, "to").bytes, 4);
  f.insert(f.end(), payload.begin(), payload.end());
  f.resize(std::max<size_t>(f.size() + 1, 60));
  f.back() = number;
  rp::storeBe16(&f[16], static_cast<uint16_t>(f.size() - 14));
  return f;
}

Bytes ipv6(uint8_t number, uint8_t protocol, const char* to, Bytes payload) {
  Bytes f(14 + 40);
  rp::storeBe16(&f[12], ETH_P_IPV6);
  f[14] = 0x60;
  f[20] = protocol;
  f[21] = 64;
  std::memcpy(&f[38], Address::parse(to, "to").bytes, 16);
  f.insert(f.end(), payload.begin(), payload.end());
  f.resize(std::max<size_t>(f.size() + 1, 60));
  f.back() = number;
  return f;
}

Bytes udp(uint16_t port, Bytes payload) {
  Bytes u(8);
  rp::storeBe16(&u[2], port);
  u.insert(u.end(), payload.begin(), payload.end());
  return u;
}

// It hears IPv4 alone: the kernel's own Neighbour Discovery and MLD come at any time.
Fd packetSocket(const char* interface) {
  Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP)));
  sockaddr_ll name{};
  name.sll_family = AF_PACKET;
  name.sll_protocol = htons(ETH_P_IP);
  name.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
  CHECK(fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  return fd;
}

void put(const Fd& fd, const Bytes& frame) {
  CHECK(::send(fd.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
}

bool readable(int fd, int milliseconds) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, milliseconds) > 0;
}

// The numbers of what the socket has received until frame `last` came, or two seconds are over.
std::set<int> received(Socket& socket, int last) {
  std::set<int> numbers;
  while (!numbers.contains(last) && readable(socket.fd(), 2000)) {
    Frame frames[8];
    const size_t n = socket.receive(frames);
    for (size_t i = 0; i < n; ++i) numbers.insert(socket.umem().data()[frames[i].address + frames[i].bytes - 1]);
    socket.release({frames, n});
  }
  return numbers;
}

void createPair(const std::string& a, const std::string& b) {
  rp::rtnl::RouteNetlink netlink;
  rp::rtnl::Link link;
  link.name = a;
  link.kind = "veth";
  link.up = true;
  link.peer = rp::rtnl::VethPeer{};
  link.peer->name = b;
  netlink.apply(rp::rtnl::Operation::add, link);
  rp::rtnl::Link other;
  other.index = ::if_nametoindex(b.c_str());
  other.up = true;
  netlink.apply(rp::rtnl::Operation::change, other);
}

Steering ours() {
  Steering steering;
  steering.etherTypes = {0x88f7};
  steering.protocols = {IPPROTO_ESP, IPPROTO_AH};
  steering.udpPorts = {1701};
  steering.espInUdpPorts = {4500};
  return steering;
}

void steersWhatIsOurs(Hook hook) {
  Program program("left", ours(), hook);
  CHECK(program.native() == (hook == Hook::kNative) && program.fallback().empty());
  program.addAddress(Address::parse(kOurs4, "address"));
  program.addAddress(Address::parse(kOurs6, "address"));
  const auto umem = std::make_shared<Umem>(rp::xdp::UmemOptions{.frames = 256});
  Socket socket(umem, {.interface = "left", .ringEntries = 64});
  program.add(socket);
  const Fd right = packetSocket("right");

  const Bytes spi{0, 0, 0x10, 1, 0, 0, 0, 1, 0, 0, 0, 0}, marker{0, 0, 0, 0, 1, 2, 3, 4};
  const std::vector<std::pair<bool, Bytes>> frames = {
      {true, ipv4(1, IPPROTO_ESP, kOurs4, spi)},
      {true, ipv4(2, IPPROTO_AH, kOurs4, spi)},
      {true, ipv4(3, IPPROTO_UDP, kOurs4, udp(4500, spi))},
      {true, ipv4(4, IPPROTO_UDP, kOurs4, udp(4500, spi), 0x4000, 24)},
      {true, ipv4(5, IPPROTO_UDP, kOurs4, udp(1701, marker))},
      {true, ipv6(6, IPPROTO_ESP, kOurs6, spi)},
      {true, ipv6(7, IPPROTO_UDP, kOurs6, udp(4500, spi))},
      {false, ipv4(101, IPPROTO_ESP, "192.0.2.77", spi)},
      {false, ipv4(102, IPPROTO_UDP, kOurs4, udp(4500, marker))},
      {false, ipv4(103, IPPROTO_UDP, kOurs4, udp(500, spi))},
      {false, ipv4(104, IPPROTO_ESP, kOurs4, spi, 0x2000)},
      {false, ipv4(105, IPPROTO_ESP, kOurs4, spi, 0x0010)},
      {false, ipv4(106, IPPROTO_TCP, kOurs4, spi)},
      {false, ipv6(107, IPPROTO_ESP, "2001:db8::2", spi)},
      {false, ipv6(108, IPPROTO_HOPOPTS, kOurs6, spi)},
  };
  for (const auto& [_, frame] : frames) put(right, frame);
  // A keepalive, and headers that end too early, in frames of just that length.
  for (size_t bytes : {14u, 20u, 33u, 41u, 43u, 45u}) {
    Bytes cut = ipv4(120, IPPROTO_UDP, kOurs4, udp(4500, spi));
    cut.resize(bytes);
    put(right, cut);
  }
  Bytes ptp(60);
  rp::storeBe16(&ptp[12], 0x88f7);
  ptp.back() = 8;
  put(right, ptp);

  std::set<int> expected{8};
  for (const auto& [steered, frame] : frames) {
    if (steered) expected.insert(frame.back());
  }
  CHECK(received(socket, 8) == expected);

  program.removeAddress(Address::parse(kOurs4, "address"));
  put(right, frames[0].second);
  put(right, ptp);
  CHECK(received(socket, 8) == std::set<int>{8});
  program.remove(socket);
  put(right, ptp);
  CHECK(!readable(socket.fd(), 100));
  CHECK(socket.statistics().rxDropped == 0 && socket.statistics().rxInvalid == 0);
}

void sendsAndTakesFramesBack() {
  const auto umem = std::make_shared<Umem>(rp::xdp::UmemOptions{.frames = 128});
  {
    Socket socket(umem, {.interface = "left", .ringEntries = 64, .binding = Binding::kCopy});
    CHECK(!socket.zeroCopy());
    const Fd right = packetSocket("right");
    constexpr unsigned kPackets = 1000;
    unsigned sent = 0, arrived = 0;
    while (sent < kPackets) {
      Frame frames[16];
      size_t n = 0;
      while (n < 16 && sent + n < kPackets) {
        const uint64_t at = socket.allocate();
        if (at == Umem::kNone) break;
        const Bytes frame = ipv4(static_cast<uint8_t>(sent + n), IPPROTO_ESP, kOurs4, Bytes(100));
        std::memcpy(umem->data() + at, frame.data(), frame.size());
        frames[n++] = {at, static_cast<uint32_t>(frame.size())};
      }
      const size_t taken = socket.send({frames, n});
      for (size_t i = taken; i < n; ++i) umem->give(frames[i].address);
      sent += static_cast<unsigned>(taken);
      uint8_t in[2048];
      for (ssize_t got; (got = ::recv(right.get(), in, sizeof in, MSG_DONTWAIT)) > 0; ++arrived)
        CHECK(in[got - 1] == static_cast<uint8_t>(arrived));
      if (n == 0) (void)socket.send({});
    }
    uint8_t in[2048];
    while (arrived < kPackets && readable(right.get(), 2000)) {
      if (::recv(right.get(), in, sizeof in, MSG_DONTWAIT) > 0) arrived++;
    }
    CHECK(arrived == kPackets);
    while (socket.inFlight() > 0) (void)socket.send({});
    CHECK(umem->free() == 64);  // half is in the fill ring
  }
  CHECK(umem->free() == 128);
}

void severalSocketsShareOneMemory() {
  createPair("third", "fourth");
  const auto umem = std::make_shared<Umem>(rp::xdp::UmemOptions{.frames = 512, .frameBytes = 4096, .headroom = 128});
  Steering all;
  all.all = true;
  {
    Program one("left", all), two("third", all);
    Socket first(umem, {.interface = "left", .ringEntries = 64, .binding = Binding::kCopy});
    Socket second(umem, {.interface = "third", .ringEntries = 64}, &first);
    one.add(first);
    two.add(second);
    CHECK_THROWS(one.add(second), ArgumentError, "another interface");
    put(packetSocket("right"), ipv4(1, IPPROTO_ESP, kOurs4, {}));
    put(packetSocket("fourth"), ipv4(2, IPPROTO_ESP, kOurs4, {}));
    CHECK(received(first, 1).contains(1));
    CHECK(received(second, 2).contains(2));
  }
  CHECK(umem->free() == 512);
}

void refusalsAreWords() {
  const auto umem = std::make_shared<Umem>(rp::xdp::UmemOptions{.frames = 64});
  CHECK_THROWS(Socket(umem, {.interface = "nothing"}), SystemError, "nothing");
  CHECK_THROWS(Socket(umem, {.interface = "left", .ringEntries = 100}), ArgumentError, "ringEntries");
  CHECK_THROWS(Socket(umem, {.interface = "left", .queue = 99}), SystemError, "left queue 99");
  CHECK_THROWS(Umem({.frameBytes = 1000}), ArgumentError, "frameBytes");
  CHECK_THROWS(Umem({.headroom = 2000}), ArgumentError, "headroom");
  CHECK_THROWS(Program("left", Steering{}), ArgumentError, "steering");
  const Program program("left", ours());
  CHECK_THROWS(Program("left", ours()), SystemError, "left");
  Socket socket(umem, {.interface = "left", .ringEntries = 64});
  CHECK_THROWS(Socket(std::make_shared<Umem>(rp::xdp::UmemOptions{}), {.interface = "left", .ringEntries = 64}),
               SystemError, "left queue 0");
  CHECK(rp::xdp::queues("left") >= 1);
  CHECK(rp::xdp::queues("lo") == 1);
}

}  // namespace

int main() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::perror("unshare");
    return 1;
  }
  createPair("left", "right");
  steersWhatIsOurs(Hook::kNative);
  steersWhatIsOurs(Hook::kGeneric);
  sendsAndTakesFramesBack();
  severalSocketsShareOneMemory();
  refusalsAreWords();
  return rp::test::checkFailures();
}
