// What the kernel may answer to a send, and that every packet is sent or counted: the test's own sendmmsg says what a
// scripted kernel would, then what the real one does.
#include "dataplane/sender.h"

#include <linux/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;

namespace {

// Errors of the next calls; 0 is the real one. The last stays.
std::deque<int> script;
unsigned calls = 0, most = ~0u;

}  // namespace

extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) noexcept(false) {
  ++calls;
  if (!script.empty()) {
    const int error = script.front();
    if (script.size() > 1) script.pop_front();
    if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_sendmmsg, fd, messages, std::min(count, most), flags));
}

namespace {

constexpr uint32_t kPackets = 24, kBytes = 200, kStride = 512, kHeadroom = 128;

std::unique_ptr<Sa> makeSa(const char* src, bool udp) {
  static const std::vector<uint8_t> key(20, 1);
  SaSpec spec;
  spec.direction = Direction::kOut;
  spec.parameters.spi = 1000;
  spec.parameters.src = Address::parse(src, "src");
  spec.parameters.dst = Address::parse("127.0.0.1", "dst");
  spec.parameters.udp = udp;
  spec.parameters.srcPort = 4500;
  spec.parameters.dstPort = 4501;
  spec.parameters.suite.encryption = crypto::Encryption::aesGcm;
  spec.parameters.suite.encryptionKey = key;
  return std::make_unique<Sa>(spec, 1, 1);
}

struct World {
  Options options;
  CounterPages pages{1};
  EventQueue events{64};
  Reports reports{pages};
  Reporter reporter{pages[0], events, reports};
  Ports ports;
  FramePorts xdp;
  Sender sender;
  Port peer{PortKind::kNat, 4, 4501, 7};
  ReceiveBuffers buffers;
  Arena arena{kPackets * kStride};

  static Options here() {
    Options o;
    o.ikePort = 500, o.natPort = 4500, o.mark = 7;
    return o;
  }
  World() : options(here()), ports(options, nullptr), xdp(options, 0, nullptr), sender(ports, xdp, reporter) {
    reporter.setTime(1'000'000'000, 1);
  }

  // Sends kPackets, and answers how many of them the peer got.
  uint32_t send(Sa& sa, bool mayJoin) {
    std::vector<esp::OutboundPacket> packets(kPackets);
    for (uint32_t i = 0; i < kPackets; ++i) {
      esp::OutboundPacket& p = packets[i];
      p.data = arena.at(i * kStride + kHeadroom);
      std::memset(p.data, 0, kBytes);
      p.data[0] = 0x45, p.data[3] = kBytes;
      p.length = kBytes, p.headroom = kHeadroom, p.tailroom = kStride - kHeadroom - kBytes;
      p.sa = &sa.out();
    }
    esp::encapsulate(packets);
    for (esp::OutboundPacket& p : packets) sender.add(p, mayJoin);
    sender.flush();
    uint32_t arrived = 0;
    for (auto some = peer.receive(buffers); !some.empty(); some = peer.receive(buffers))
      for (const Received& r : some) arrived += static_cast<uint32_t>(r.data.size() / r.segmentBytes);
    return arrived;
  }

  uint64_t count(Counter counter) { return pages.total(counter); }
};

// A fault that passes costs nothing; one that lasts costs its packets, each of which is counted; and afterwards all is
// well again.
void passes(std::initializer_list<int> errors, bool mayJoin) {
  World w;
  const auto sa = makeSa("127.0.0.1", true);
  script = errors;
  script.push_back(0);
  CHECK(w.send(*sa, mayJoin) == kPackets);
  CHECK(w.count(Counter::kOutErrors) == 0);
}

void lasts(int error, const char* src, Counter counter) {
  for (const bool mayJoin : {false, true}) {
    World w;
    const auto sa = makeSa(src, true);
    script = {error};
    CHECK(w.send(*sa, mayJoin) == 0);
    CHECK(w.count(counter) == kPackets);
    script = {};
    if (counter != Counter::kOutErrors) continue;
    CHECK(w.send(*sa, mayJoin) == kPackets);
    CHECK(w.count(counter) == kPackets);
    Event told;
    CHECK(w.events.pop(told) && told.type == EventType::kDrop && told.counter == counter && !w.events.pop(told));
  }
}

void up() {
  const Fd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq r{};
  std::strcpy(r.ifr_name, "lo");
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(::ioctl(s.get(), SIOCSIFFLAGS, &r) == 0);
}

}  // namespace

int main() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::puts("skipped: no network namespaces without CAP_SYS_ADMIN");
    return 0;
  }
  up();
  passes({}, true);
  for (const bool mayJoin : {false, true}) {
    passes({ENOBUFS}, mayJoin);
    passes({EAGAIN}, mayJoin);
    passes({EINTR, EINTR, EINTR}, mayJoin);
    passes({0, EINTR, ENOBUFS}, mayJoin);
  }
  // A route that is narrower than the joined packets: they go one by one.
  for (const int error : {EMSGSIZE, EINVAL, EIO}) passes({error}, true);
  // The kernel takes some of them at a time.
  most = 1;
  passes({}, false);
  most = ~0u;
  for (const int error : {ENOBUFS, EAGAIN, ENETUNREACH, EPERM, ENETDOWN, EHOSTUNREACH})
    lasts(error, "127.0.0.1", Counter::kOutErrors);
  lasts(ENETUNREACH, "192.0.2.99", Counter::kOutStateInvalid);
  CHECK(calls > 0);
  return rp::test::checkFailures();
}
