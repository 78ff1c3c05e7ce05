// Stamped sockets over a veth pair in network namespaces of this process, for each transport, with software stamps.
// Without the right to make namespaces it says so and checks nothing.
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "phc/stamped_socket.h"
#include "phc/time.h"
#include "test/check.h"

namespace rp::phc {
namespace {

bool sh(const std::string& command) { return std::system(command.c_str()) == 0; }

// Stamps and messages of `socket` until `done`, or for five seconds.
template <class Done>
void pump(StampedSocket& socket, std::vector<StampedSocket::Transmitted>& stamps,
          std::vector<std::pair<std::vector<uint8_t>, std::optional<int64_t>>>& messages, Done&& done) {
  const int64_t deadline = now(CLOCK_MONOTONIC) + 5 * kSecond;
  while (!done() && now(CLOCK_MONOTONIC) < deadline) {
    pollfd p{socket.fd(), POLLIN | POLLPRI, 0};
    ::poll(&p, 1, 100);
    for (const auto& s : socket.readStamps()) stamps.push_back(s);
    socket.receive([&](const StampedMessage& m) {
      messages.emplace_back(std::vector<uint8_t>(m.data.begin(), m.data.end()), m.stampNs);
    });
  }
}

struct Case {
  Transport transport;
  std::vector<std::string> groups;
};

void exchange(const Case& c, bool warmUp) {
  SocketSpec spec;
  spec.transport = c.transport;
  spec.groups = c.groups;
  spec.warmUp = warmUp;
  spec.interface = "rpa";
  StampedSocket a(spec);
  spec.interface = "rpb";
  StampedSocket b(spec);

  // The kernel turns its stamping of received packets on in its own time.
  bool stamped = false;
  for (const int64_t limit = now(CLOCK_MONOTONIC) + 5 * kSecond; !stamped && now(CLOCK_MONOTONIC) < limit;) {
    a.send(a.destination(c.groups[0]), std::array<uint8_t, 44>{}, TransmitStamp::none, 0, 0);
    ::usleep(5000);
    b.receive([&](const StampedMessage& m) { stamped = m.stampNs.has_value(); });
  }
  CHECK(stamped);

  std::vector<StampedSocket::Transmitted> sent, none;
  std::vector<std::pair<std::vector<uint8_t>, std::optional<int64_t>>> received, echoes;
  const int64_t before = now(CLOCK_REALTIME);
  const int64_t far = now(CLOCK_MONOTONIC) + 60 * kSecond;
  for (uint32_t i = 0; i < 40; ++i) {
    std::array<uint8_t, 44> message{};
    message[0] = static_cast<uint8_t>(i);
    // Every fourth is a general message: no stamp, and no number of the kernel's.
    const auto stamp = i % 4 == 3 ? TransmitStamp::none : TransmitStamp::wanted;
    CHECK(a.send(a.destination(c.groups[i % 2]), message, stamp, 1000 + i, far) == 0);
  }
  pump(a, sent, echoes, [&] { return sent.size() >= 30; });
  pump(b, none, received, [&] { return received.size() >= 40; });
  const int64_t after = now(CLOCK_REALTIME);

  CHECK(sent.size() == 30);
  CHECK(received.size() == 40);
  CHECK(echoes.empty());
  uint32_t expected = 1000;
  for (const auto& s : sent) {
    if (expected % 4 == 3) ++expected;
    CHECK(s.cookie == expected++);
    CHECK(s.stampNs >= before && s.stampNs <= after);
  }
  for (size_t i = 0; i < received.size(); ++i) {
    const auto& [data, stamp] = received[i];
    CHECK(data.size() >= 44 && data[0] == i);
    CHECK(stamp && *stamp >= before && *stamp <= after);
  }
  CHECK(a.lostStamps(now(CLOCK_MONOTONIC)).empty());

  // A socket that could not send counts from 0 again, and its stamps are still matched.
  if (c.transport == Transport::ipv4) {
    std::array<uint8_t, 44> message{};
    CHECK(a.send(a.destination("255.255.255.255"), message, TransmitStamp::wanted, 1, far) != 0);
    CHECK(a.send(a.destination(c.groups[0]), message, TransmitStamp::wanted, 2, far) == 0);
    sent.clear();
    pump(a, sent, echoes, [&] { return !sent.empty(); });
    CHECK(sent.size() == 1 && sent[0].cookie == 2);
  }

  // An interface that goes down and comes up again.
  sh("ip link set rpb down");
  b.receive([](const StampedMessage&) {});
  sh("ip link set rpb up");
  sh("ip address replace fd00:77::2/64 dev rpb nodad");
  received.clear();
  const int64_t limit = now(CLOCK_MONOTONIC) + 5 * kSecond;
  while (received.empty() && now(CLOCK_MONOTONIC) < limit) {
    std::array<uint8_t, 44> message{};
    a.send(a.destination(c.groups[0]), message, TransmitStamp::none, 0, far);
    ::usleep(20'000);
    b.receive([&](const StampedMessage& m) {
      received.emplace_back(std::vector<uint8_t>(m.data.begin(), m.data.end()), m.stampNs);
    });
  }
  CHECK(!received.empty());
}

void others() {
  SocketSpec spec;
  spec.interface = "no-such-device";
  CHECK_THROWS(StampedSocket{spec}, SystemError, "no-such-device");
  spec.interface = "rpa";
  spec.groups = {"224.0.1.129"};
  CHECK_THROWS(StampedSocket{spec}, ArgumentError, "octets");

  // Frames of another EtherType, and those with a VLAN tag, are not ours.
  spec.groups = {"01:1b:19:00:00:00"};
  spec.beforeBridge = true;
  StampedSocket tap(spec);
  const Fd raw(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex("rpb"));
  const auto inject = [&](std::initializer_list<uint8_t> types, uint8_t first) {
    std::vector<uint8_t> frame{0x01, 0x1b, 0x19, 0, 0, 0, 2, 0, 0, 0, 0, 1};
    frame.insert(frame.end(), types);
    frame.push_back(first);
    frame.resize(frame.size() + 43);
    return ::sendto(raw.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  };
  CHECK(inject({0x81, 0x00, 0x00, 0x07, 0x88, 0xf7}, 1) > 0);
  CHECK(inject({0x88, 0xb5}, 1) > 0);
  CHECK(inject({0x88, 0xf7}, 2) > 0);
  std::vector<StampedSocket::Transmitted> none;
  std::vector<std::pair<std::vector<uint8_t>, std::optional<int64_t>>> received;
  pump(tap, none, received, [&] { return !received.empty(); });
  CHECK(received.size() == 1 && received[0].first[0] == 2);
}

}  // namespace
}  // namespace rp::phc

int main() {
  using namespace rp::phc;
  if (::unshare(CLONE_NEWNET) < 0) {
    std::puts("not checked: this wants the right to make a network namespace");
    return 0;
  }
  // Both ends are of one namespace: what comes is from an address of its own.
  if (!sh("for i in all default; do echo 1 >/proc/sys/net/ipv4/conf/$i/accept_local; "
          "echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; done; "
          "ip link add rpa type veth peer name rpb && ip link set rpa up && ip link set rpb up && "
          "ip address add 192.0.2.1/24 dev rpa && ip address add 192.0.2.2/24 dev rpb && "
          "ip address add fd00:77::1/64 dev rpa nodad && ip address add fd00:77::2/64 dev rpb nodad")) {
    std::puts("not checked: this wants ip(8) and veth");
    return 0;
  }
  const Case cases[] = {{Transport::ethernet, {"01:1b:19:00:00:00", "01:80:c2:00:00:0e"}},
                        {Transport::ipv4, {"224.0.1.129", "224.0.0.107"}},
                        {Transport::ipv6, {"ff0e::181", "ff02::6b"}}};
  for (const auto& c : cases) {
    for (const bool warmUp : {false, true}) exchange(c, warmUp);
  }
  others();
  return rp::test::checkFailures();
}
