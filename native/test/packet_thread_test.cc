// Two packet threads in a network namespace of their own, loopback between their sockets: SAs and policies come and go
// a thousand times under traffic. What must not happen, a sanitizer sees best.
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/bytes.h"
#include "base/error.h"
#include "dataplane/clock.h"
#include "dataplane/packet_threads.h"
#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;

namespace {

constexpr uint32_t kFirstSpi = 1000, kRounds = 1000;
constexpr uint16_t kNatPorts[] = {4500, 4501};

void setAddress(const char* device, const char* address) {
  const Fd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq r{};
  std::strncpy(r.ifr_name, device, IFNAMSIZ - 1);
  auto& in = reinterpret_cast<sockaddr_in&>(r.ifr_addr);
  in.sin_family = AF_INET;
  inet_pton(AF_INET, address, &in.sin_addr);
  CHECK(::ioctl(s.get(), SIOCSIFADDR, &r) == 0);
  inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
  CHECK(::ioctl(s.get(), SIOCSIFNETMASK, &r) == 0);
  r.ifr_flags = IFF_UP | IFF_RUNNING;
  CHECK(::ioctl(s.get(), SIOCSIFFLAGS, &r) == 0);
}

Options options(const char* device, int which, uint32_t threads) {
  Options o;
  o.threads = threads;
  o.device = device;
  o.mtu = 1400;
  o.ikePort = static_cast<uint16_t>(500 + which);
  o.natPort = kNatPorts[which];
  o.mark = 7;
  return o;
}

Selector selector() {
  Selector s;
  s.local = s.remote = MaskedPrefix::parse("10.99.0.0/24", "local");
  return s;
}

std::unique_ptr<Sa> sa(Direction direction, uint32_t spi) {
  const std::vector<uint8_t> key(20, static_cast<uint8_t>(spi));
  SaSpec spec;
  spec.direction = direction;
  spec.parameters.spi = spi;
  spec.parameters.src = spec.parameters.dst = Address::parse("127.0.0.1", "src");
  spec.parameters.udp = true;
  spec.parameters.srcPort = kNatPorts[0];
  spec.parameters.dstPort = kNatPorts[1];
  spec.parameters.suite.encryption = crypto::Encryption::aesGcm;
  spec.parameters.suite.encryptionKey = key;
  spec.reqid = 1;
  spec.selectors = {selector()};
  return std::make_unique<Sa>(spec, monotonicNs(), realtimeMs());
}

std::vector<Policy> policies(uint32_t round) {
  Policy p;
  p.id = round;
  p.selector = selector();
  p.action = Action::kEncrypt;
  p.reqid = 1;
  std::vector<Policy> list(1 + round % 9, p);  // with and without the cache
  return list;
}

// Datagrams into the device of the sender, and rubbish to the receiver's port.
void traffic(const std::stop_token& stop) {
  const Fd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  uint8_t bytes[3000] = {0, 0, 4};
  for (uint32_t i = 0; !stop.stop_requested(); ++i) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    const bool rubbish = i % 4 == 0;
    inet_pton(AF_INET, rubbish ? "127.0.0.1" : "10.99.0.7", &to.sin_addr);
    to.sin_port = htons(rubbish ? kNatPorts[1] : 9);
    storeBe32(bytes, kFirstSpi + i % kRounds);
    (void)!::sendto(s.get(), bytes, i * 37 % sizeof bytes, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&to), sizeof to);
    if (i % 64 == 0) std::this_thread::yield();
  }
}

void changes(PacketThreads& sender, PacketThreads& receiver) {
  const Address dst = Address::parse("127.0.0.1", "dst");
  for (uint32_t round = 0; round < kRounds; ++round) {
    const uint32_t spi = kFirstSpi + round;
    auto in = sa(Direction::kIn, spi), out = sa(Direction::kOut, spi);
    receiver.call([&] { receiver.sad().add(std::move(in)); });
    sender.call([&] { sender.sad().add(std::move(out)); });
    for (PacketThreads* t : {&sender, &receiver}) {
      t->call([&] {
        t->spd().replace(policies(round));
        if (round > 0) CHECK(t->sad().remove({spi - 1, dst}));
        CHECK(t->sad().size() == 1);
      });
    }
    CHECK_THROWS(sender.call([&] { sender.sad().rekey({1, dst}, [](Sa&) {}, {2, dst}); }), ArgumentError, "key");
    Event event;
    while (sender.pop(event)) {
    }
    while (receiver.popIke([](const Endpoint&, const Endpoint&, uint32_t length, auto&& copy) {
      std::vector<uint8_t> data(length);
      copy(data.data());
    })) {
    }
    (void)receiver.count(Counter::kPlainOutPackets);
  }
}

void run(uint32_t threads) {
  for (int i = 0; i < 3; ++i) {
    // Opened and closed at once: device and sockets are free again.
    const PacketThreads brief(options("rpt0", 0, threads));
  }
  PacketThreads sender(options("rpt0", 0, threads)), receiver(options("rpt1", 1, threads));
  setAddress("rpt0", "10.99.0.1");
  CHECK_THROWS(PacketThreads(options("rpt0", 0, threads)), SystemError, "rpt0");
  CHECK_THROWS(PacketThreads(options("rpt2", 0, threads)), SystemError, "500");
  {
    const std::jthread noise(traffic), more(traffic);
    changes(sender, receiver);
  }
  CHECK(sender.count(Counter::kCipherOutPackets) > 0);
  CHECK(receiver.count(Counter::kPlainOutPackets) > 0);
  CHECK(receiver.count(Counter::kInNoStates) + receiver.count(Counter::kInStateProtocolErrors) > 0);
  CHECK(sender.count(Counter::kOutErrors) == 0);
}

}  // namespace

int main() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::puts("skipped: no network namespaces without CAP_SYS_ADMIN");
    return 0;
  }
  setAddress("lo", "127.0.0.1");
  for (const uint32_t threads : {1u, 4u}) run(threads);
  return rp::test::checkFailures();
}
