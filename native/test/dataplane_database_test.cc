// SPD, SAD, lifetimes, reporting limits and the queues between threads.
#include <thread>
#include <vector>

#include "base/error.h"
#include "dataplane/datagram_ring.h"
#include "dataplane/fragment_ports.h"
#include "dataplane/reporter.h"
#include "dataplane/sad.h"
#include "dataplane/spd.h"
#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

Selector selector(const char* local, const char* remote, uint8_t protocol = 0, PortRange localPorts = {},
                  PortRange remotePorts = {}) {
  return {MaskedPrefix::parse(local, "local"), MaskedPrefix::parse(remote, "remote"), protocol, localPorts,
          remotePorts};
}

Flow flow(const char* source, const char* destination, uint8_t protocol = 17, uint16_t sourcePort = 1000,
          uint16_t destinationPort = 2000) {
  Flow f;
  f.source = Address::parse(source, "source");
  f.destination = Address::parse(destination, "destination");
  f.protocol = protocol;
  f.sourcePort = sourcePort;
  f.destinationPort = destinationPort;
  f.opaquePorts = false;
  return f;
}

void prefixes() {
  const auto p = MaskedPrefix::parse("10.1.128.0/17", "p");
  CHECK(p.contains(Address::parse("10.1.255.255", "")) && p.contains(Address::parse("10.1.128.0", "")));
  CHECK(!p.contains(Address::parse("10.1.127.255", "")) && !p.contains(Address::parse("::", "")));
  CHECK(MaskedPrefix::parse("0.0.0.0/0", "p").contains(Address::parse("255.1.2.3", "")));
  CHECK(!MaskedPrefix::parse("0.0.0.0/0", "p").contains(Address::parse("::1", "")));
  const auto six = MaskedPrefix::parse("2001:db8::/65", "p");
  CHECK(six.contains(Address::parse("2001:db8::7fff:0:0:1", "")));
  CHECK(!six.contains(Address::parse("2001:db8:0:0:8000::", "")));
  CHECK(MaskedPrefix::parse("2001:db8::1", "p").length == 128);
  CHECK_THROWS(MaskedPrefix::parse("10.1.128.1/17", "local"), ArgumentError, "local: host bits");
  CHECK_THROWS(MaskedPrefix::parse("10.1.128.0/33", "local"), ArgumentError, "local");
  CHECK_THROWS(MaskedPrefix::parse("10.1.128.0/", "local"), ArgumentError, "local");
}

void selectors() {
  const Selector s = selector("10.1.0.0/24", "10.2.0.0/24", 17, {}, {2000, 2001});
  CHECK(s.matches(flow("10.1.0.5", "10.2.0.5"), Direction::kOut));
  CHECK(!s.matches(flow("10.1.0.5", "10.2.0.5"), Direction::kIn));
  CHECK(s.matches(flow("10.2.0.5", "10.1.0.5", 17, 2001, 9), Direction::kIn));
  CHECK(!s.matches(flow("10.2.0.5", "10.1.0.5", 17, 9, 2001), Direction::kIn));
  CHECK(!s.matches(flow("10.1.0.5", "10.2.0.5", 6), Direction::kOut));
  CHECK(!s.matches(flow("10.1.0.5", "10.2.0.5", 17, 1, 2002), Direction::kOut));
  Flow opaque = flow("10.1.0.5", "10.2.0.5");
  opaque.opaquePorts = true;
  CHECK(!s.matches(opaque, Direction::kOut));
  CHECK(selector("10.1.0.0/24", "10.2.0.0/24", 17).matches(opaque, Direction::kOut));
  // ICMP echo request: type 8, any code.
  const Selector icmp = selector("0.0.0.0/0", "0.0.0.0/0", 1, {0x0800, 0x08ff}, {});
  CHECK(icmp.matches(flow("10.1.0.5", "10.2.0.5", 1, 0x0800, 0x0800), Direction::kOut));
  CHECK(icmp.matches(flow("10.1.0.5", "10.2.0.5", 1, 0x0803, 0x0803), Direction::kIn));
  CHECK(!icmp.matches(flow("10.1.0.5", "10.2.0.5", 1, 0x0000, 0x0000), Direction::kOut));
}

void fragments() {
  FragmentPorts memory;
  Flow first = flow("10.1.0.1", "10.2.0.1");
  first.fragment = true;
  first.identification = 77;
  Flow later = first;
  later.opaquePorts = later.laterFragment = true;
  later.sourcePort = later.destinationPort = 0;
  const auto resolved = [&](Flow f, uint64_t now) {
    memory.resolve(f, now);
    return !f.opaquePorts && f.sourcePort == 1000 && f.destinationPort == 2000;
  };
  CHECK(!resolved(later, kSecond));
  memory.remember(later, kSecond);
  CHECK(!resolved(later, kSecond));
  memory.remember(first, kSecond);
  CHECK(resolved(later, kSecond) && resolved(later, 60 * kSecond));
  CHECK(!resolved(later, 62 * kSecond));
  Flow other = later;
  other.identification = 78;
  CHECK(!resolved(other, kSecond));
  other = later;
  other.source.bytes[3] = 9;
  CHECK(!resolved(other, kSecond));
  other = later;
  other.protocol = 6;
  CHECK(!resolved(other, kSecond));
  // A first fragment too short to show its ports is not a later one.
  other = later;
  other.laterFragment = false;
  CHECK(!resolved(other, kSecond));
}

Policy policy(uint32_t id, const Selector& s, Action action, uint32_t reqid = 0) {
  Policy p;
  p.id = id;
  p.selector = s;
  p.action = action;
  p.reqid = reqid;
  return p;
}

void spd() {
  // Few entries walk, many go through the cache: both must say the same.
  for (const uint32_t more : {0u, 100u}) {
    Spd spd;
    std::vector<Policy> policies = {
        policy(1, selector("10.1.0.0/24", "10.2.0.0/24", 6, {}, {22, 22}), Action::kNone),
        policy(2, selector("10.1.0.0/24", "10.2.0.0/24"), Action::kEncrypt, 7),
        policy(3, selector("0.0.0.0/0", "10.0.0.0/8"), Action::kDiscard),
    };
    for (uint32_t i = 0; i < more; ++i)
      policies.push_back(policy(100 + i, selector("2001:db8::/32", "2001:db9::/32"), Action::kNone));
    spd.replace(policies);
    SpdCache cache(spd);
    const auto id = [&](const Flow& f, Direction d) {
      const SpdEntry* first = cache.match(f, d);
      CHECK(cache.match(f, d) == first);
      CHECK(spd.match(f, d) == first);
      return first == nullptr ? 0 : first->policy.id;
    };
    for (int round = 0; round < 2; ++round) {
      CHECK(id(flow("10.1.0.1", "10.2.0.1", 6, 5, 22), Direction::kOut) == 1);
      CHECK(id(flow("10.1.0.1", "10.2.0.1", 6, 5, 23), Direction::kOut) == 2);
      CHECK(id(flow("10.1.1.1", "10.2.0.1", 6, 5, 22), Direction::kOut) == 3);
      CHECK(id(flow("10.2.0.1", "10.1.0.1", 6, 22, 5), Direction::kIn) == 1);
      CHECK(id(flow("10.2.0.1", "10.1.0.1", 6, 22, 5), Direction::kOut) == 3);
      CHECK(id(flow("192.0.2.1", "192.0.2.2"), Direction::kOut) == 0);
    }
    spd.match(flow("10.1.0.1", "10.2.0.1"), Direction::kOut)->acquiredAtNs = 5;
    spd.replace(policies);
    CHECK(spd.match(flow("10.1.0.1", "10.2.0.1"), Direction::kOut)->acquiredAtNs == 5);
    policies[1].reqid = 8;
    spd.replace(policies);
    CHECK(spd.match(flow("10.1.0.1", "10.2.0.1"), Direction::kOut)->acquiredAtNs == 0);
    spd.match(flow("10.1.0.1", "10.2.0.1"), Direction::kOut)->acquiredAtNs = 5;
    spd.forgetAcquire(8);
    CHECK(spd.match(flow("10.1.0.1", "10.2.0.1"), Direction::kOut)->acquiredAtNs == 0);
    std::swap(policies[0], policies[1]);
    spd.replace(policies);
    CHECK(id(flow("10.1.0.1", "10.2.0.1", 6, 5, 22), Direction::kOut) == 2);
    spd.replace({});
    CHECK(id(flow("10.1.0.1", "10.2.0.1", 6, 5, 22), Direction::kOut) == 0);
  }
}

void undecidedFragments() {
  Spd spd;
  spd.replace({policy(1, selector("10.1.0.0/24", "10.2.0.0/24", 17, {}, {53, 53}), Action::kNone),
               policy(2, selector("10.1.0.0/24", "10.2.0.0/24", 17, {}, {9000, 9000}), Action::kEncrypt, 7),
               policy(3, selector("10.1.0.0/24", "10.2.0.0/24"), Action::kNone),
               policy(4, selector("2001:db8:a::/64", "2001:db8:b::/64", 17), Action::kDiscard)});
  const auto undecided = [&](Flow f, Direction d, bool fragment = true) {
    f.fragment = fragment;
    f.opaquePorts = true;
    return spd.isUndecided(f, d, spd.match(f, d));
  };
  CHECK(undecided(flow("10.1.0.1", "10.2.0.1"), Direction::kOut));
  CHECK(undecided(flow("10.2.0.1", "10.1.0.1"), Direction::kIn));
  CHECK(!undecided(flow("10.2.0.1", "10.1.0.1"), Direction::kOut));
  CHECK(!undecided(flow("10.1.0.1", "10.2.0.1", 6), Direction::kOut));
  CHECK(!undecided(flow("10.1.0.1", "10.2.0.1"), Direction::kOut, false));
  // Behind IPv6's fragment header: destination options, and who knows what behind them.
  CHECK(undecided(flow("2001:db8:a::1", "2001:db8:b::1", 60), Direction::kOut));
  CHECK(!undecided(flow("2001:db8:a::1", "2001:db8:b::1", 6), Direction::kOut));
  CHECK(!undecided(flow("2001:db8:a::1", "2001:db8:b::1", 17), Direction::kOut));  // matches, and is discarded
  Flow known = flow("10.1.0.1", "10.2.0.1", 17, 5, 9001);
  known.fragment = true;
  CHECK(!spd.isUndecided(known, Direction::kOut, spd.match(known, Direction::kOut)));
}

std::unique_ptr<Sa> sa(Direction direction, uint32_t spi, const char* dst, uint32_t reqid, Lifetime lifetime = {},
                       std::vector<Selector> selectors = {}, esp::Mode mode = esp::Mode::tunnel) {
  static const std::vector<uint8_t> key(20, 7);
  SaSpec spec;
  spec.direction = direction;
  spec.parameters.spi = spi;
  spec.parameters.src = Address::parse("192.0.2.1", "src");
  spec.parameters.dst = Address::parse(dst, "dst");
  spec.parameters.suite.encryption = crypto::Encryption::aesGcm;
  spec.parameters.suite.encryptionKey = key;
  spec.parameters.mode = mode;
  spec.reqid = reqid;
  spec.selectors = std::move(selectors);
  spec.lifetime = lifetime;
  return std::make_unique<Sa>(spec, kSecond, 0);
}

void sad() {
  Sad sad;
  const Address dst = Address::parse("192.0.2.2", "dst");
  sad.add(sa(Direction::kOut, 300, "192.0.2.2", 7));
  CHECK_THROWS(sad.add(sa(Direction::kOut, 300, "192.0.2.2", 7)), ArgumentError, "spi");
  sad.add(sa(Direction::kIn, 300, "192.0.2.3", 7));
  CHECK(sad.find({300, dst})->direction() == Direction::kOut);
  CHECK(sad.find({301, dst}) == nullptr && sad.find({300, Address::parse("::1", "")}) == nullptr);

  const Flow f = flow("10.1.0.1", "10.2.0.1");
  Policy p = policy(1, selector("10.1.0.0/24", "10.2.0.0/24"), Action::kEncrypt, 7);
  CHECK(sad.outbound(p, f, kSecond).sa->key().spi == 300);
  Lifetime packets;
  packets.hard.packets = 1;
  Sa& newer = sad.add(sa(Direction::kOut, 301, "192.0.2.2", 7, packets));
  CHECK(sad.outbound(p, f, kSecond).sa == &newer);
  newer.use(1, 0);
  CHECK(sad.outbound(p, f, kSecond).sa->key().spi == 300);  // the older one serves on
  CHECK(sad.remove({300, dst}) && !sad.remove({300, dst}));
  const auto none = sad.outbound(p, f, kSecond);
  CHECK(none.sa == nullptr && none.expired);
  CHECK(sad.remove({301, dst}));
  CHECK(sad.outbound(p, f, kSecond).sa == nullptr && !sad.outbound(p, f, kSecond).expired);

  sad.add(sa(Direction::kOut, 302, "192.0.2.2", 7));
  p.mode = esp::Mode::transport;
  CHECK(sad.outbound(p, f, kSecond).sa == nullptr);
  p.mode = esp::Mode::tunnel;
  p.saDst = Address::parse("192.0.2.9", "");
  CHECK(sad.outbound(p, f, kSecond).sa == nullptr);
  const Address moved = Address::parse("192.0.2.9", "");
  sad.rekey({302, dst}, [&](Sa& s) { s.setEndpoints(Address::parse("192.0.2.1", ""), moved, true, 4500, 1); },
            {302, moved});
  CHECK(sad.outbound(p, f, kSecond).sa->out().dstPort() == 1 && sad.find({302, dst}) == nullptr);
  CHECK_THROWS(sad.rekey({302, dst}, [](Sa&) {}, {302, dst}), ArgumentError, "key");
  CHECK_THROWS(sad.rekey({302, moved}, [](Sa&) {}, {300, Address::parse("192.0.2.3", "")}), ArgumentError, "dst");
  sad.clear();
  CHECK(sad.size() == 0 && sad.outbound(p, f, kSecond).sa == nullptr);
}

// What the caches say is never older than the databases.
void caches() {
  Sad sad;
  SadCache cache(sad);
  const Address dst = Address::parse("192.0.2.2", "dst"), moved = Address::parse("192.0.2.9", "dst");
  Sa& first = sad.add(sa(Direction::kOut, 300, "192.0.2.2", 7));
  for (int i = 0; i < 2; ++i) {
    CHECK(cache.find({300, dst}) == &first);
    // Of the same place in the cache, and of the same SPI.
    CHECK(cache.find({300 + 1024, dst}) == nullptr && cache.find({300, moved}) == nullptr);
    CHECK(cache.find({300, dst, esp::Protocol::ah}) == nullptr);
  }
  sad.rekey({300, dst}, [&](Sa& s) { s.setEndpoints(dst, moved, true, 4500, 4500); }, {300, moved});
  CHECK(cache.find({300, dst}) == nullptr && cache.find({300, moved}) == &first);

  Spd spd;
  std::vector<Policy> policies;
  for (uint32_t i = 1; i <= 10; ++i)
    policies.push_back(policy(i, selector("10.1.0.0/24", "10.2.0.0/24"), Action::kEncrypt, 7));
  spd.replace(policies);
  SpdCache flows(spd);
  const Flow f = flow("10.1.0.1", "10.2.0.1"), other = flow("10.1.0.1", "10.2.0.1", 17, 1001);
  const auto known = [&](const Flow& of) {
    flows.match(of, Direction::kOut);
    return flows.sa(sad.generation());
  };
  CHECK(known(f) == nullptr);
  flows.remember(&first, sad.generation());
  CHECK(known(f) == &first && known(other) == nullptr && known(f) == &first);
  // Whatever comes may be a better choice; what goes must not be used.
  sad.add(sa(Direction::kOut, 301, "192.0.2.2", 7));
  CHECK(known(f) == nullptr);
  flows.remember(&first, sad.generation());
  spd.replace(policies);
  CHECK(known(f) == nullptr);
  flows.remember(&first, sad.generation());
  CHECK(sad.remove({300, moved}));
  CHECK(known(f) == nullptr && cache.find({300, moved}) == nullptr);
  sad.clear();
  CHECK(cache.find({301, dst}) == nullptr);
}

void sadChoosesByPacket() {
  Sad sad;
  Policy p = policy(1, selector("0.0.0.0/0", "0.0.0.0/0"), Action::kEncrypt, 7);
  // Narrower than the policy (RFC 7296 2.9).
  const auto narrow = [](const char* remote) {
    return std::vector<Selector>{selector("10.1.0.0/24", remote), selector("10.1.9.0/24", remote)};
  };
  const Sa& two = sad.add(sa(Direction::kOut, 300, "192.0.2.2", 7, {}, narrow("10.2.0.0/24")));
  const Sa& three = sad.add(sa(Direction::kOut, 301, "192.0.2.2", 7, {}, narrow("10.3.0.0/24")));
  CHECK(sad.outbound(p, flow("10.1.0.1", "10.2.0.1"), kSecond).sa == &two);
  CHECK(sad.outbound(p, flow("10.1.9.1", "10.3.0.1"), kSecond).sa == &three);
  const auto outside = sad.outbound(p, flow("10.1.0.1", "10.4.0.1"), kSecond);
  CHECK(outside.sa == nullptr && !outside.expired);
  // Transport mode carries what goes between its ends only, whatever the policy takes in.
  p.mode = esp::Mode::transport;
  sad.add(sa(Direction::kOut, 302, "192.0.2.2", 7, {}, {}, esp::Mode::transport));
  CHECK(sad.outbound(p, flow("192.0.2.1", "192.0.2.2"), kSecond).sa->key().spi == 302);
  CHECK(sad.outbound(p, flow("192.0.2.1", "192.0.2.3"), kSecond).sa == nullptr);
  CHECK(sad.outbound(p, flow("10.1.0.1", "192.0.2.2"), kSecond).sa == nullptr);
}

void sequenceNumbersRunOut() {
  const auto stageAt = [](uint64_t sequence, bool esn) {
    static const std::vector<uint8_t> key(20, 7);
    SaSpec spec;
    spec.direction = Direction::kOut;
    spec.parameters.spi = 300;
    spec.parameters.src = spec.parameters.dst = Address::parse("192.0.2.1", "");
    spec.parameters.esn = esn;
    spec.parameters.sequence = sequence;
    spec.parameters.suite.encryption = crypto::Encryption::aesGcm;
    spec.parameters.suite.encryptionKey = key;
    return Sa(spec, kSecond, 0).age(kSecond);
  };
  CHECK(stageAt(0, false) == SaStage::kMature && stageAt(0xe0000000, false) == SaStage::kMature);
  CHECK(stageAt(0xf8000000, false) == SaStage::kDying && stageAt(0xffffffff, false) == SaStage::kDying);
  CHECK(stageAt(0xf8000000, true) == SaStage::kMature && stageAt(~uint64_t{0} - 9, true) == SaStage::kDying);
}

std::vector<Event> drain(EventQueue& queue) {
  std::vector<Event> events;
  for (Event e; queue.pop(e);) events.push_back(e);
  return events;
}

void reports() {
  EventQueue queue(16);
  CounterPages pages(1);
  Counters& counters = pages[0];
  Reports reports(pages);
  Reporter reporter(counters, queue, reports);
  reporter.setTime(10 * kSecond, 0);

  Lifetime lifetime;
  lifetime.soft.bytes = 100;
  lifetime.hard.seconds = 30;
  const auto s = sa(Direction::kOut, 300, "192.0.2.2", 7, lifetime);
  reporter.expire(*s);
  CHECK(drain(queue).empty());
  s->use(100, 0);
  for (int i = 0; i < 3; ++i) reporter.expire(*s);
  auto events = drain(queue);
  CHECK(events.size() == 1 && events[0].type == EventType::kExpire && !events[0].hard && events[0].sa.spi == 300);
  reporter.setTime(31 * kSecond, 0);
  for (int i = 0; i < 3; ++i) reporter.expire(*s);
  events = drain(queue);
  CHECK(events.size() == 1 && events[0].hard && s->stage == SaStage::kDead);

  // An expiry that finds the queue full is told later.
  const auto late = sa(Direction::kOut, 301, "192.0.2.2", 7, lifetime);
  while (queue.push(Event{})) {
  }
  reporter.expire(*late);
  CHECK(drain(queue).size() == 16);
  reporter.expire(*late);
  events = drain(queue);
  CHECK(events.size() == 1 && events[0].sa.spi == 301);

  for (int i = 0; i < 1000; ++i) reporter.drop(Counter::kInNoStates, Address::parse("192.0.2.1", ""), 9);
  reporter.drop(Counter::kInStateExpired);
  events = drain(queue);
  CHECK(events.size() == 2 && events[0].counter == Counter::kInNoStates && events[0].total == 1);
  reporter.setTime(32 * kSecond, 0);
  reporter.drop(Counter::kInNoStates);
  events = drain(queue);
  CHECK(events.size() == 1 && events[0].total == 1001);
  CHECK(counters.get(Counter::kInNoStates) == 1001);

  SpdEntry entry{policy(1, selector("10.1.0.0/24", "10.2.0.0/24"), Action::kEncrypt, 7), 0};
  for (int i = 0; i < 10; ++i) reporter.acquire(entry, flow("10.1.0.1", "10.2.0.1"));
  CHECK(drain(queue).size() == 1);
  reporter.setTime(33 * kSecond, 0);
  reporter.acquire(entry, flow("10.1.0.1", "10.2.0.1"));
  CHECK(drain(queue).size() == 1);

  const Endpoint moved{Address::parse("192.0.2.77", ""), 1234};
  for (int i = 0; i < 3; ++i) reporter.mapping(*s, moved);
  CHECK(drain(queue).size() == 1);
}

void ring() {
  DatagramRing ring(1 << 12);
  const Endpoint local{Address::parse("192.0.2.1", ""), 500}, remote{Address::parse("2001:db8::1", ""), 501};
  const std::vector<uint8_t> large(1 << 12);
  CHECK(!ring.push(local, remote, large));
  // One thread writes 20000 datagrams of changing length, another checks each: none lost, none torn.
  constexpr uint32_t kCount = 20000;
  std::jthread producer([&] {
    std::vector<uint8_t> data;
    for (uint32_t i = 0; i < kCount; ++i) {
      data.assign(i % 1500, static_cast<uint8_t>(i));
      while (!ring.push({local.address, static_cast<uint16_t>(i)}, remote, data)) std::this_thread::yield();
    }
  });
  std::vector<uint8_t> got;
  for (uint32_t i = 0; i < kCount;) {
    const bool popped = ring.pop([&](const Endpoint& l, const Endpoint& r, uint32_t length, auto&& copy) {
      got.assign(length, 0);
      copy(got.data());
      CHECK(l.port == static_cast<uint16_t>(i) && r == remote && length == i % 1500);
      for (const uint8_t b : got) CHECK(b == static_cast<uint8_t>(i));
    });
    if (popped)
      ++i;
    else
      std::this_thread::yield();
  }
}

}  // namespace

int main() {
  prefixes();
  selectors();
  fragments();
  spd();
  undecidedFragments();
  sad();
  caches();
  sadChoosesByPacket();
  sequenceNumbersRunOut();
  reports();
  ring();
  return rp::test::checkFailures();
}
