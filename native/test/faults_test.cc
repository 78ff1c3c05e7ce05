// Packets of random faults through the code that real ones go through: `faults_test [count] [seed]`. Cut short,
// flipped, forged, replayed, lengths that lie, fragments that overlap, bundles, nothing at all, 65,535 bytes and more.
// What is handed on must be an IP packet inside its buffer; what is not must have a reason. The sanitizers see the
// rest.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/coalescer.h"
#include "dataplane/flow.h"
#include "dataplane/fragmenter.h"
#include "dataplane/icmp.h"
#include "dataplane/inbound_bundle.h"
#include "dataplane/inbound_status.h"
#include "dataplane/outbound_status.h"
#include "dataplane/reassembly.h"
#include "dataplane/segmenter.h"
#include "dataplane/spd.h"
#include "esp/encapsulate.h"
#include "esp/ip_header.h"
#include "esp/outbound_train.h"
#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;
using Bytes = std::vector<uint8_t>;

namespace {

// xorshift64*: fast, and the same packets again for a seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed | 1) {}
  uint64_t next() {
    state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1du;
  }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  bool oneIn(uint32_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

const uint8_t kKey[64] = {4, 3, 0, 1};
constexpr uint32_t kHeadroom = 512, kTailroom = 128;

struct Pair {
  std::unique_ptr<Sa> out;
  Sa* in;
};

struct World {
  CounterPages pages{1};
  Counters& counters = pages[0];
  EventQueue events{64};
  Reports reports{pages};
  Reporter reporter{counters, events, reports};
  Sad sad;
  Spd spd;
  std::vector<Pair> pairs;
  InboundBundle bundle{sad, reporter};
  Reassembly reassembly;

  World() {
    using esp::Mode;
    using esp::Protocol;
    for (const bool v6 : {false, true}) {
      for (const Mode mode : {Mode::tunnel, Mode::transport}) {
        for (const bool esn : {false, true}) {
          add(Protocol::esp, mode, v6, esn, crypto::Encryption::aesGcm, 20, crypto::Integrity::none, 0);
          add(Protocol::esp, mode, v6, esn, crypto::Encryption::null, 0, crypto::Integrity::sha1_96, 20);
          add(Protocol::ah, mode, v6, esn, crypto::Encryption::null, 0, crypto::Integrity::md5_96, 16);
          add(Protocol::ah, mode, v6, esn, crypto::Encryption::null, 0, crypto::Integrity::sha256_128, 32);
        }
        add(Protocol::ipcomp, mode, v6, false, crypto::Encryption::null, 0, crypto::Integrity::none, 0);
      }
    }
    std::vector<Policy> policies(2);
    policies[0].id = 1, policies[0].action = Action::kEncrypt, policies[0].selector.protocol = 17;
    policies[0].selector.local = MaskedPrefix::parse("10.0.0.0/8", "l");
    policies[0].selector.remote = MaskedPrefix::parse("0.0.0.0/0", "r");
    policies[0].selector.remotePorts = {1, 1000};
    policies[1].id = 2, policies[1].action = Action::kEncrypt;
    policies[1].selector.local = policies[1].selector.remote = MaskedPrefix::parse("::/0", "l");
    spd.replace(policies);
    reporter.setTime(1'000'000'000, 1);
  }

  void add(esp::Protocol protocol, esp::Mode mode, bool v6, bool esn, crypto::Encryption e, size_t key,
           crypto::Integrity i, size_t macKey) {
    SaSpec s;
    s.parameters.protocol = protocol;
    s.parameters.spi = 1000 + static_cast<uint32_t>(pairs.size());
    s.parameters.mode = mode;
    s.parameters.esn = esn;
    s.parameters.replayWindow = pairs.size() % 3 == 0 ? 4096 : 64;
    s.parameters.src = Address::parse(v6 ? "2001:db8::1" : "192.0.2.1", "src");
    s.parameters.dst = Address::parse(v6 ? "2001:db8::2" : "192.0.2.2", "dst");
    s.parameters.padTo = pairs.size() % 5 == 0 ? 700 : 0;
    s.parameters.suite.encryption = e;
    s.parameters.suite.encryptionKey = std::span(kKey).first(key);
    s.parameters.suite.integrity = i;
    s.parameters.suite.integrityKey = std::span(kKey).first(macKey);
    s.direction = Direction::kOut;
    auto out = std::make_unique<Sa>(s, 1, 1);
    s.direction = Direction::kIn;
    Sa& in = sad.add(std::make_unique<Sa>(s, 1, 1));
    pairs.push_back({std::move(out), &in});
  }
};

// An IP packet between the ends of the SA, with extension headers, options, fragments, and lengths from nothing to all.
Bytes plain(Random& r, const Sa& sa) {
  const bool transport = sa.mode() == esp::Mode::transport;
  const bool v4 = transport ? sa.key().dst.version == 4 : r.oneIn(2);
  static constexpr uint32_t kLengths[] = {0, 1, 7, 8, 20, 64, 200, 576, 1400, 1480};
  uint32_t payload = r.oneIn(64) ? 20000 + r.below(46000) : kLengths[r.below(10)] + r.below(8);
  static constexpr uint8_t kProtocols[] = {1, 6, 17, 17, 50, 51, 58, 59, 108, 4, 41, 135};
  const uint8_t protocol = kProtocols[r.below(12)];
  Bytes p(v4 ? 20 : 40);
  Bytes more;
  if (r.oneIn(4)) {  // options or extension headers, mostly well-formed
    const uint32_t bytes = v4 ? 4 * (1 + r.below(10)) : 8 * (1 + r.below(6));
    more.resize(bytes);
    for (uint8_t& b : more) b = static_cast<uint8_t>(r.next());
    if (!v4) more[1] = static_cast<uint8_t>(bytes / 8 - 1), more[0] = protocol;
  }
  payload = std::min(payload, 65535u - 40u - static_cast<uint32_t>(more.size()));
  if (v4) {
    p[0] = static_cast<uint8_t>(0x45 + more.size() / 4);
    storeBe16(&p[2], static_cast<uint16_t>(20 + more.size() + payload));
    storeBe16(&p[4], static_cast<uint16_t>(r.below(4)));
    if (r.oneIn(6)) storeBe16(&p[6], static_cast<uint16_t>(r.below(16) | (r.oneIn(2) ? 0x2000u : 0u)));
    p[1] = static_cast<uint8_t>(r.next());
    p[8] = 64, p[9] = protocol;
    std::memcpy(&p[12], transport ? sa.src().bytes : reinterpret_cast<const uint8_t*>("\x0a\1\0\1"), 4);
    std::memcpy(&p[16], transport ? sa.key().dst.bytes : reinterpret_cast<const uint8_t*>("\x0a\2\0\1"), 4);
  } else {
    storeBe32(&p[0], 0x60000000u | (static_cast<uint32_t>(r.next()) & 0xfffffffu));
    storeBe16(&p[4], static_cast<uint16_t>(more.size() + payload));
    static constexpr uint8_t kTypes[] = {0, 43, 44, 60};
    p[6] = more.empty() ? protocol : kTypes[r.below(4)];
    if (p[6] == 44) more.resize(8), storeBe16(&p[4], static_cast<uint16_t>(8 + payload));
    p[7] = 64;
    std::memcpy(&p[8], sa.key().dst.version == 6 ? sa.src().bytes : kKey, 16);
    std::memcpy(&p[24], sa.key().dst.version == 6 ? sa.key().dst.bytes : kKey, 16);
  }
  p.insert(p.end(), more.begin(), more.end());
  const size_t header = p.size();
  p.resize(header + payload);
  for (size_t i = header; i + 8 <= p.size(); i += 8) store(&p[i], r.next());
  return p;
}

void spoil(Random& r, Bytes& p) {
  if (p.empty()) return;
  switch (r.below(8)) {
    case 0:
      p.resize(r.below(static_cast<uint32_t>(p.size()) + 1));
      break;
    case 1:
      p[r.below(static_cast<uint32_t>(p.size()))] ^= static_cast<uint8_t>(1u << r.below(8));
      break;
    case 2:
      for (uint32_t i = 0, n = 1 + r.below(8); i < n; ++i)
        p[r.below(std::min<uint32_t>(static_cast<uint32_t>(p.size()), 80))] = static_cast<uint8_t>(r.next());
      break;
    case 3:  // the IP header's length lies
      if (p.size() >= 6) storeBe16(&p[r.oneIn(2) ? 2 : 4], static_cast<uint16_t>(r.next()));
      break;
    case 4:
      p.insert(p.end(), r.below(300), 0xaa);
      break;
    case 5:
      p.clear();
      break;
    default:
      break;
  }
}

// Whatever is handed on is an IP packet of its own length inside the buffer.
void checkOpened(const Bytes& buffer, const esp::InboundPacket& p) {
  CHECK(p.data >= buffer.data() && p.data + p.length <= buffer.data() + buffer.size());
  CHECK(p.data - p.headroom == buffer.data());
  esp::IpPacket ip;
  CHECK(esp::IpPacket::parse(p.data, p.length, ip) && ip.length == p.length);
}

struct Run {
  World world;
  Random random;
  Bytes previous;
  uint64_t now = 1;
  uint64_t opened = 0, refused = 0, sealed = 0, unsealed = 0, nested = 0, whole = 0, trained = 0, joined = 0;
  Coalescer coalescer{[this](auto parts, auto packets, auto bytes) { written(parts, packets, bytes); }, true};

  explicit Run(uint64_t seed) : random(seed) {}

  void written(std::span<const iovec> parts, uint32_t packets, uint32_t bytes) {
    size_t sum = 0;
    for (const iovec& part : parts) sum += part.iov_len;
    CHECK(sum == sizeof(VnetHeader) + bytes && bytes <= 65575);  // of IPv6, header and all
    joined += packets - 1;
  }

  // As they come out of an SA.
  void join(const std::vector<Bytes>& packets) {
    for (const Bytes& packet : packets) {
      Flow flow;
      if (parseFlow(packet, flow)) coalescer.add(packet, flow);
    }
    coalescer.flush();
  }

  // The packets that a super-packet is cut into, sealed side by side; what was sealed opens.
  void train(Segmenter& segmenter, const Bytes& packet, const Flow& flow) {
    const Pair& pair = world.pairs[random.below(static_cast<uint32_t>(world.pairs.size()))];
    if (pair.out->mode() != esp::Mode::tunnel || pair.out->key().protocol != esp::Protocol::esp) return;
    esp::OutboundSa& out = pair.out->out();
    for (int i = 0; i < 4 && !segmenter.done(); ++i) {
      esp::OutboundTrain wrapper;
      const uint32_t bytes = segmenter.nextLength();
      if (wrapper.begin(out, std::span(packet).first(flow.length), bytes) != esp::Status::ok) return;
      Bytes buffer(wrapper.sealedBytes());
      uint64_t sequence;
      crypto::Operation operation;
      CHECK(segmenter.next(&buffer[wrapper.headBytes()]) == bytes && out.take(1, sequence) == 1);
      wrapper.wrap(buffer.data(), sequence, operation);
      crypto::seal({&operation, 1});
      CHECK(operation.ok);
      esp::InboundPacket p;
      p.data = buffer.data();
      p.length = static_cast<uint32_t>(buffer.size());
      p.sa = &pair.in->in();
      esp::decapsulate({&p, 1});
      CHECK(p.status != esp::Status::integrity && p.status != esp::Status::badPadding);
      if (p.status == esp::Status::ok) ++trained;
    }
  }

  void plainSide(const Bytes& packet) {
    Flow flow;
    if (!parseFlow(packet, flow)) return;
    CHECK(flow.length <= packet.size() && flow.transportOffset <= flow.length);
    SpdEntry* const entry = world.spd.match(flow, random.oneIn(2) ? Direction::kOut : Direction::kIn);
    world.spd.isUndecided(flow, Direction::kIn, entry);
    uint8_t answer[kIcmpBytes];
    const size_t n = packetTooBig(packet, flow, 1280, answer);
    CHECK(n <= kIcmpBytes);
    if (flow.fragment) {
      if (world.reassembly.add(packet, flow, 1, now) == Reassembly::Outcome::kWhole) {
        ++whole;
        Flow joined;
        if (parseFlow(world.reassembly.packet(), joined)) CHECK(joined.length == world.reassembly.packet().size());
      }
      CHECK(world.reassembly.waiting() <= Reassembly::kDatagrams);
      world.reassembly.expire(now);
    }
    Fragmenter fragmenter;
    const uint32_t mtu = (flow.source.version == 4 ? 68u : 1280u) + random.below(1400);
    if (fragmenter.begin(packet, mtu, 7)) {
      Bytes piece(mtu);
      while (!fragmenter.done()) CHECK(fragmenter.next(piece.data()) <= mtu);
    }
    VnetHeader vnet;
    vnet.flags = static_cast<uint8_t>(random.below(2));
    vnet.gsoType = static_cast<uint8_t>(random.below(8));
    vnet.gsoBytes = static_cast<uint16_t>(random.below(1500));
    vnet.checksumStart = static_cast<uint16_t>(random.below(100));
    vnet.checksumOffset = static_cast<uint16_t>(random.below(20));
    Segmenter segmenter;
    if (segmenter.begin(vnet, packet, flow) && random.oneIn(2)) {
      train(segmenter, packet, flow);
    } else if (segmenter.begin(vnet, packet, flow)) {
      std::vector<Bytes> pieces;
      while (pieces.size() < 50 && !segmenter.done()) {
        Bytes& piece = pieces.emplace_back(segmenter.longest());
        const uint32_t bytes = segmenter.next(piece.data());
        CHECK(bytes <= piece.size());
        piece.resize(bytes);
        if (random.oneIn(40)) spoil(random, piece);
      }
      join(pieces);
    }
  }

  // Pieces of one datagram in any order, some spoiled, some twice.
  void fragments(const Bytes& packet) {
    Fragmenter fragmenter;
    const uint32_t mtu = (packet[0] >> 4 == 4 ? 100u : 1280u) + random.below(600);
    if (packet.size() < 20 || !fragmenter.begin(packet, mtu, static_cast<uint32_t>(random.next()))) return;
    std::vector<Bytes> pieces;
    while (!fragmenter.done()) {
      pieces.emplace_back(mtu);
      pieces.back().resize(fragmenter.next(pieces.back().data()));
    }
    for (size_t i = pieces.size(); i > 1; --i) std::swap(pieces[i - 1], pieces[random.below(static_cast<uint32_t>(i))]);
    for (Bytes& piece : pieces) {
      if (random.oneIn(40)) spoil(random, piece);
      plainSide(piece);
      if (random.oneIn(40)) plainSide(piece);
    }
  }

  void one() {
    now += 100'000'000;
    const Pair& pair = world.pairs[random.below(static_cast<uint32_t>(world.pairs.size()))];
    // What another SA made is what this one gets, if they have the same ends: a bundle.
    const bool again = pair.out->mode() == esp::Mode::transport && !previous.empty() &&
                       (previous[0] >> 4 == 4) == (pair.out->key().dst.version == 4) && random.oneIn(2);
    Bytes inner = again ? previous : plain(random, *pair.out);
    previous.clear();
    if (!inner.empty() && random.oneIn(16)) fragments(inner);
    if (random.oneIn(3)) spoil(random, inner);
    plainSide(inner);

    Bytes buffer(kHeadroom + inner.size() + kTailroom);
    std::copy(inner.begin(), inner.end(), buffer.begin() + kHeadroom);
    esp::OutboundPacket out;
    out.data = buffer.data() + kHeadroom;
    out.length = static_cast<uint32_t>(inner.size());
    out.headroom = kHeadroom;
    out.tailroom = kTailroom;
    out.sa = &pair.out->out();
    esp::encapsulate({&out, 1});
    esp::prependOuterHeader(out);
    if (out.status == esp::Status::ok) {
      ++sealed;
      CHECK(out.data - out.headroom == buffer.data() && out.length <= 65575);
    } else {
      ++unsealed;
      CHECK(outboundCounterOf(out.status) < Counter::kPlainInPackets);
    }
    Bytes wire = out.status == esp::Status::ok ? Bytes(out.data, out.data + out.length) : inner;
    const uint32_t times = random.oneIn(8) ? 2 : 1;
    if (out.status == esp::Status::ok) previous = wire;
    if (random.oneIn(2)) spoil(random, wire);
    for (uint32_t i = 0; i < times; ++i) receive(wire, *pair.in);
  }

  void receive(const Bytes& wire, Sa& expected) {
    Bytes buffer(kHeadroom + wire.size() + (random.oneIn(4) ? 0u : 2048u));
    std::copy(wire.begin(), wire.end(), buffer.begin() + kHeadroom);
    esp::InboundPacket p;
    p.data = buffer.data() + kHeadroom;
    p.length = static_cast<uint32_t>(wire.size());
    p.headroom = kHeadroom;
    esp::stripOuterHeader(p);
    if (p.status != esp::Status::ok) {
      ++refused;
      // And without the header that could not be read, as a UDP socket hands it over.
      p.data = buffer.data() + kHeadroom;
      p.length = static_cast<uint32_t>(wire.size());
      p.headroom = kHeadroom;
      p.headerBytes = p.udpBytes = 0;
    }
    p.tailroom = static_cast<uint32_t>(buffer.data() + buffer.size() - (p.data + p.length));
    p.sa = &expected.in();
    esp::decapsulate({&p, 1});
    if (p.status != esp::Status::ok) {
      ++refused;
      CHECK(inboundCounterOf(p.status) < Counter::kPlainInPackets);
      return;
    }
    ++opened;
    checkOpened(buffer, p);
    plainSide(Bytes(p.data, p.data + p.length));
    if (world.bundle.isNested(p, expected) && world.bundle.open(p, expected, expected.src())) {
      ++nested;
      esp::IpPacket ip;
      CHECK(esp::IpPacket::parse(p.data, p.length, ip));
      for (const SpdEntry& e : world.spd.entries()) world.bundle.matches(e.policy);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  Run run(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 4301);
  for (uint64_t i = 0; i < count && rp::test::failures() == 0; ++i) run.one();
  std::printf(
      "%llu packets: %llu sealed, %llu not; %llu opened, %llu refused, %llu nested, %llu put together, "
      "%llu in trains, %llu joined\n",
      static_cast<unsigned long long>(count), static_cast<unsigned long long>(run.sealed),
      static_cast<unsigned long long>(run.unsealed), static_cast<unsigned long long>(run.opened),
      static_cast<unsigned long long>(run.refused), static_cast<unsigned long long>(run.nested),
      static_cast<unsigned long long>(run.whole), static_cast<unsigned long long>(run.trained),
      static_cast<unsigned long long>(run.joined));
  // A run in which nothing gets through, or nothing is refused, tests nothing.
  if (count >= 10'000) CHECK(run.opened > count / 10 && run.refused > count / 10 && run.nested > 10 && run.whole > 10);
  if (count >= 10'000) CHECK(run.trained > 10 && run.joined > 10);
  return rp::test::checkFailures();
}
