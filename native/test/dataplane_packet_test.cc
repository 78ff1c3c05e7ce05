// Flow parsing, checksums, segmenter and coalescer: what is cut must join again to the same bytes.
#include <random>
#include <vector>

#include "base/bytes.h"
#include "crypto/cpu.h"
#include "dataplane/checksum.h"
#include "dataplane/checksum_x86.h"
#include "dataplane/coalescer.h"
#include "dataplane/icmp.h"
#include "dataplane/polling.h"
#include "dataplane/segmenter.h"
#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;

namespace {

using Bytes = std::vector<uint8_t>;

// RFC 1071 2, as it is written there.
uint16_t slowChecksum(const uint8_t* p, size_t n) {
  uint32_t s = 0;
  for (size_t i = 0; i + 1 < n; i += 2) s += static_cast<uint32_t>(p[i] << 8 | p[i + 1]);
  if (n % 2 != 0) s += static_cast<uint32_t>(p[n - 1] << 8);
  while (s >> 16 != 0) s = (s & 0xffff) + (s >> 16);
  return static_cast<uint16_t>(~s);
}

Bytes ipv4(uint8_t protocol, const Bytes& transport) {
  Bytes p(20 + transport.size());
  p[0] = 0x45;
  storeBe16(&p[2], static_cast<uint16_t>(p.size()));
  storeBe16(&p[4], 0x1000);
  p[6] = 0x40;
  p[8] = 64;
  p[9] = protocol;
  const uint8_t addresses[8] = {10, 1, 0, 1, 10, 2, 0, 2};
  std::memcpy(&p[12], addresses, 8);
  finishIpv4Header(p.data());
  std::copy(transport.begin(), transport.end(), p.begin() + 20);
  return p;
}

Bytes ipv6(uint8_t protocol, const Bytes& transport) {
  Bytes p(40 + transport.size());
  p[0] = 0x60;
  storeBe16(&p[4], static_cast<uint16_t>(transport.size()));
  p[6] = protocol;
  p[7] = 64;
  p[8] = p[24] = 0x20;
  p[23] = 1;
  p[39] = 2;
  std::copy(transport.begin(), transport.end(), p.begin() + 40);
  return p;
}

Bytes transportOf(uint8_t protocol, size_t payload, uint8_t flags) {
  const size_t header = protocol == 6 ? 32 : 8;
  Bytes t(header + payload);
  storeBe16(&t[0], 40000);
  storeBe16(&t[2], 5001);
  if (protocol == 6) {
    storeBe32(&t[4], 0xfffff000);  // wraps on the way
    storeBe32(&t[8], 77);
    t[12] = 8 << 4;
    t[13] = flags;
    storeBe16(&t[14], 500);
    t[20] = t[21] = 1;
    t[22] = 8;
    t[23] = 10;
  } else {
    storeBe16(&t[4], static_cast<uint16_t>(t.size()));
  }
  for (size_t i = 0; i < payload; ++i) t[header + i] = static_cast<uint8_t>(i * 7 + i / 251);
  return t;
}

Flow flowOf(const Bytes& p) {
  Flow f;
  CHECK(parseFlow(p, f));
  return f;
}

bool checksumsAreRight(const Bytes& p) {
  const Flow f = flowOf(p);
  if (p[0] >> 4 == 4 && slowChecksum(p.data(), 20) != 0) return false;
  const uint32_t n = f.length - f.transportOffset;
  return fold(sum(&p[f.transportOffset], n) + pseudoHeaderSum(f.source, f.destination, f.protocol, n)) == 0xffff;
}

void checksums() {
  std::mt19937 random(1);
  Bytes data(70000), copy(70000);
  for (auto& b : data) b = static_cast<uint8_t>(random());
  for (const size_t n : {0, 1, 2, 3, 4, 5, 19, 20, 63, 64, 65, 127, 128, 1400, 1401, 65535, 69997}) {
    for (const size_t at : {0, 1, 2, 3}) {
      CHECK(__builtin_bswap16(checksum(sum(&data[at], n))) == slowChecksum(&data[at], n));
      CHECK(fold(copyAndSum(copy.data(), &data[at], n)) == fold(sum(&data[at], n)));
      CHECK(fold(sumHeader(&data[at], n)) == fold(sum(&data[at], n)));
#if defined(__x86_64__)
      if (crypto::cpu().avx2) {
        std::fill(copy.begin(), copy.end(), uint8_t{0});
        CHECK(fold(avx2Sum(&data[at], n)) == fold(sumHeader(&data[at], n)));
        CHECK(fold(avx2CopyAndSum(copy.data(), &data[at], n)) == fold(sumHeader(&data[at], n)));
        CHECK(std::equal(&data[at], &data[at] + n, copy.begin()));
      }
#endif
      CHECK_BYTES(copy.data(), &data[at], n);
    }
  }
  const Bytes ones(65536, 0xff);
  CHECK(__builtin_bswap16(checksum(sum(ones.data(), ones.size()))) == slowChecksum(ones.data(), ones.size()));
}

// Segments of a super-packet, as the device would have handed it over.
std::vector<Bytes> cut(Bytes packet, uint8_t gsoType, uint16_t gso) {
  const Flow f = flowOf(packet);
  VnetHeader h;
  h.flags = VnetHeader::kNeedsChecksum;
  h.gsoType = gsoType;
  h.gsoBytes = gso;
  h.checksumStart = f.transportOffset;
  h.checksumOffset = f.protocol == 6 ? 16 : 6;
  Segmenter s;
  std::vector<Bytes> packets;
  CHECK(s.begin(h, packet, f));
  const uint32_t count = s.count();
  while (!s.done()) {
    Bytes p(s.longest());
    p.resize(s.next(p.data()));
    packets.push_back(p);
  }
  CHECK(packets.size() == count);
  return packets;
}

struct Written {
  VnetHeader vnet;
  Bytes packet;
  uint32_t packets;
};

std::vector<Written> join(const std::vector<Bytes>& packets) {
  std::vector<Written> written;
  Coalescer c(
      [&](std::span<const iovec> parts, uint32_t n, uint32_t bytes) {
        Written w;
        w.packets = n;
        for (const iovec& part : parts) {
          const auto* p = static_cast<const uint8_t*>(part.iov_base);
          w.packet.insert(w.packet.end(), p, p + part.iov_len);
        }
        std::memcpy(&w.vnet, w.packet.data(), sizeof w.vnet);
        w.packet.erase(w.packet.begin(), w.packet.begin() + sizeof w.vnet);
        CHECK(w.packet.size() == bytes);
        written.push_back(w);
      },
      true);
  for (const Bytes& p : packets) c.add(p, flowOf(p));
  c.flush();
  return written;
}

void cutAndJoin() {
  for (const bool v4 : {true, false}) {
    for (const uint8_t protocol : {uint8_t{6}, uint8_t{17}}) {
      const auto make = [&](size_t payload) {
        const Bytes t = transportOf(protocol, payload, 0x18);
        return v4 ? ipv4(protocol, t) : ipv6(protocol, t);
      };
      const uint8_t type = protocol == 17 ? VnetHeader::kGsoUdp : v4 ? VnetHeader::kGsoTcp4 : VnetHeader::kGsoTcp6;
      for (const size_t payload : {size_t{1}, size_t{1348}, size_t{1349}, size_t{40000}, size_t{60000}}) {
        const Bytes whole = make(payload);
        const auto packets = cut(whole, type, 1348);
        CHECK(packets.size() == (payload + 1347) / 1348);
        for (const Bytes& p : packets) CHECK(checksumsAreRight(p));
        const auto written = join(packets);
        CHECK(written.size() == 1);
        if (written.size() != 1) continue;
        const Written& w = written[0];
        CHECK(w.packets == packets.size());
        CHECK(w.packet.size() == whole.size());
        if (packets.size() == 1) {
          CHECK(w.vnet.gsoType == VnetHeader::kGsoNone);
          continue;
        }
        CHECK(w.vnet.gsoType == type && w.vnet.gsoBytes == 1348);
        const uint32_t at = w.vnet.checksumStart;
        Bytes joined = w.packet;
        // With the transport checksum put aside, the super-packet is what was cut.
        store<uint16_t>(&joined[at + w.vnet.checksumOffset], 0);
        CHECK_BYTES(joined.data(), whole.data(), whole.size());
        // The kernel's part: sum from `checksumStart` over what stands there.
        Bytes finished = w.packet;
        store(&finished[at + w.vnet.checksumOffset], checksum(sum(&finished[at], finished.size() - at)));
        CHECK(checksumsAreRight(finished));
      }
    }
  }
}

void doesNotJoin() {
  const Bytes whole = ipv4(6, transportOf(6, 4000, 0x10));
  const auto packets = cut(whole, VnetHeader::kGsoTcp4, 1000);
  CHECK(packets.size() == 4);
  auto changed = [&](size_t which, auto&& change, bool fixChecksum = true) {
    auto p = packets;
    change(p[which]);
    if (fixChecksum) {
      finishIpv4Header(p[which].data());
      store<uint16_t>(&p[which][36], 0);
      const auto n = static_cast<uint32_t>(p[which].size() - 20);
      store(&p[which][36], checksum(sum(&p[which][20], n) + pseudoHeaderSum(p[which].data(), 6, n)));
    }
    const auto written = join(p);
    uint32_t n = 0;
    for (const Written& w : written) n += w.packets;
    CHECK(n == 4);
    return written.size();
  };
  CHECK(changed(1, [](Bytes&) {}) == 1);
  CHECK(changed(1, [](Bytes& p) { p[12 + 7] ^= 1; }) == 3);         // another destination
  CHECK(changed(1, [](Bytes& p) { p[21] ^= 1; }) == 3);             // another port
  CHECK(changed(1, [](Bytes& p) { p[24] ^= 1; }) == 3);             // not the next sequence number
  CHECK(changed(1, [](Bytes& p) { p[1] ^= 3; }) == 3);              // ECN
  CHECK(changed(1, [](Bytes& p) { p[8] ^= 3; }) == 3);              // TTL
  CHECK(changed(1, [](Bytes& p) { p[33] |= 1; }) == 3);             // FIN
  CHECK(changed(1, [](Bytes& p) { p[33] |= 8; }) == 2);             // PSH ends one
  CHECK(changed(1, [](Bytes& p) { p[45] ^= 1; }) == 3);             // other options
  CHECK(changed(1, [](Bytes& p) { p[100] ^= 1; }, false) == 3);     // a wrong checksum stays wrong
  CHECK(changed(1, [](Bytes& p) { p[6] = 0x20, p[7] = 0; }) == 3);  // a fragment
}

void badSuperPackets() {
  const Bytes whole = ipv4(6, transportOf(6, 3000, 0x10));
  const Flow f = flowOf(whole);
  Segmenter s;
  VnetHeader h;
  h.gsoType = VnetHeader::kGsoTcp4;
  CHECK(!s.begin(h, whole, f));  // no segment size
  h.gsoBytes = 1000;
  CHECK(s.begin(h, whole, f));
  h.gsoType = VnetHeader::kGsoTcp6;
  CHECK(!s.begin(h, whole, f));
  h.gsoType = VnetHeader::kGsoUdp;
  CHECK(!s.begin(h, whole, f));
  h = VnetHeader{};
  h.flags = VnetHeader::kNeedsChecksum;
  h.checksumStart = 65000;
  h.checksumOffset = 16;
  CHECK(!s.begin(h, whole, f));
  Bytes shortHeader = whole;
  shortHeader[32] = 0xf0;  // a TCP header of 60 bytes where 52 and no payload are left
  shortHeader.resize(72);
  storeBe16(&shortHeader[2], 72);
  h = VnetHeader{};
  h.gsoType = VnetHeader::kGsoTcp4;
  h.gsoBytes = 1000;
  CHECK(!s.begin(h, shortHeader, flowOf(shortHeader)));
  CHECK(s.done());
}

void flows() {
  Flow f;
  CHECK(!parseFlow({}, f));
  for (const bool v4 : {true, false}) {
    const Bytes p = v4 ? ipv4(17, transportOf(17, 20, 0)) : ipv6(17, transportOf(17, 20, 0));
    // No prefix of a packet is a packet.
    for (size_t n = 0; n < p.size(); ++n) CHECK(!parseFlow(std::span(p).first(n), f));
    CHECK(parseFlow(p, f));
    CHECK(!f.opaquePorts && f.sourcePort == 40000 && f.destinationPort == 5001 && f.protocol == 17);
    Bytes padded = p;
    padded.resize(p.size() + 30);
    CHECK(parseFlow(padded, f) && f.length == p.size());
  }
  Bytes icmp = ipv4(1, {8, 0, 0, 0, 0, 0, 0, 0});
  CHECK(parseFlow(icmp, f) && f.sourcePort == 0x0800 && f.destinationPort == 0x0800 && !f.opaquePorts);
  Bytes later = ipv4(17, transportOf(17, 20, 0));
  later[7] = 5;
  CHECK(parseFlow(later, f) && f.opaquePorts && f.fragment);

  // Hop-by-hop, destination options, fragment, then UDP.
  Bytes chain(8 + 16 + 8);
  chain[0] = 60;
  chain[8] = 44;
  chain[9] = 1;
  chain[24] = 17;
  const Bytes udp = transportOf(17, 8, 0);
  chain.insert(chain.end(), udp.begin(), udp.end());
  Bytes p = ipv6(0, chain);
  CHECK(parseFlow(p, f) && f.protocol == 17 && f.sourcePort == 40000 && f.transportOffset == 72 && f.fragment);
  for (size_t n = 0; n < p.size(); ++n) {
    Bytes prefix(p.begin(), p.begin() + static_cast<long>(n));
    if (n >= 40) storeBe16(&prefix[4], static_cast<uint16_t>(n - 40));
    const bool whole = parseFlow(prefix, f);
    // A header chain that ends early is refused; one whose transport header is cut shows no ports.
    CHECK(n < 72 ? !whole : whole);
    if (whole && n < 76) CHECK(f.opaquePorts);
  }
  storeBe16(&p[40 + 26], 8 << 3);  // not the first fragment
  CHECK(parseFlow(p, f) && f.opaquePorts && f.protocol == 17);
  // A chain without end.
  Bytes loop = ipv6(60, Bytes(20 * 8, 0));
  for (size_t i = 0; i < 20; ++i) loop[40 + i * 8] = 60;
  CHECK(!parseFlow(loop, f));
}

void tooBig() {
  for (const bool v4 : {true, false}) {
    const Bytes p = v4 ? ipv4(6, transportOf(6, 1300, 0x10)) : ipv6(6, transportOf(6, 1300, 0x10));
    Bytes answer(kIcmpBytes);
    answer.resize(packetTooBig(p, flowOf(p), 1300, answer.data()));
    CHECK(answer.size() == (v4 ? 576u : 1280u));
    const Flow f = flowOf(answer);
    CHECK(f.source == flowOf(p).destination && f.destination == flowOf(p).source);
    if (v4) {
      CHECK(slowChecksum(answer.data(), 20) == 0 && slowChecksum(&answer[20], answer.size() - 20) == 0);
      CHECK(answer[20] == 3 && answer[21] == 4 && loadBe16(&answer[26]) == 1300);
    } else {
      CHECK(checksumsAreRight(answer));
      CHECK(answer[40] == 2 && loadBe32(&answer[44]) == 1300);
    }
    // Never about an error, a later fragment or a multicast packet.
    CHECK(packetTooBig(answer, f, 1300, Bytes(kIcmpBytes).data()) == 0);
  }
  Bytes later = ipv4(17, transportOf(17, 20, 0));
  later[7] = 5;
  Bytes room(kIcmpBytes);
  CHECK(packetTooBig(later, flowOf(later), 1300, room.data()) == 0);
  Bytes multicast = ipv4(17, transportOf(17, 20, 0));
  multicast[16] = 224;
  CHECK(packetTooBig(multicast, flowOf(multicast), 1300, room.data()) == 0);
}

void polling() {
  constexpr uint64_t kWindow = 50'000;
  Polling never(0);
  never.worked(1'000'000);
  never.worked(1'000'000);
  CHECK(!never.awake(1'000'000));
  Polling p(kWindow);
  p.worked(1'000'000);  // the first after a long time
  CHECK(!p.awake(1'000'001));
  p.worked(1'000'000 + kWindow);
  CHECK(p.awake(1'000'000 + 2 * kWindow - 1) && !p.awake(1'000'000 + 2 * kWindow));
  p.worked(1'000'000 + 3 * kWindow);  // too late
  CHECK(!p.awake(1'000'000 + 3 * kWindow));
}

}  // namespace

int main() {
  checksums();
  cutAndJoin();
  doesNotJoin();
  badSuperPackets();
  flows();
  tooBig();
  polling();
  return rp::test::checkFailures();
}
