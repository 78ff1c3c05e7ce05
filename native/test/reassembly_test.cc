// Fragments out of the fragmenter, in any order, become the datagram again; what must not does not.
#include "dataplane/reassembly.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "dataplane/fragmenter.h"
#include "test/check.h"

using namespace rp;
using namespace rp::dataplane;
using Bytes = std::vector<uint8_t>;
using Outcome = Reassembly::Outcome;

namespace {

Bytes datagram(int version, uint32_t payload) {
  Bytes p(version == 4 ? 20u : 40u);
  if (version == 4) {
    p[0] = 0x45, p[8] = 64, p[9] = 17;
    storeBe16(&p[2], static_cast<uint16_t>(20 + payload));
    storeBe16(&p[4], 0x4711);
    p[12] = 10, p[16] = 10, p[19] = 2;
  } else {
    p[0] = 0x60, p[6] = 17, p[7] = 64, p[8] = 0x20, p[24] = 0x20, p[39] = 2;
    storeBe16(&p[4], static_cast<uint16_t>(payload));
  }
  for (uint32_t i = 0; i < payload; ++i) p.push_back(static_cast<uint8_t>(i * 7 + i / 256));
  return p;
}

std::vector<Bytes> cut(const Bytes& packet, uint32_t mtu) {
  std::vector<Bytes> pieces;
  Fragmenter f;
  CHECK(f.begin(packet, mtu, 99));
  while (!f.done()) {
    Bytes piece(f.longest());
    piece.resize(f.next(piece.data()));
    CHECK(piece.size() <= mtu);
    pieces.push_back(piece);
  }
  return pieces;
}

Outcome add(Reassembly& r, const Bytes& piece, uint64_t now = 1) {
  Flow flow;
  CHECK(parseFlow(piece, flow) && flow.fragment);
  return r.add(piece, flow, 7, now);
}

void roundTrip(int version) {
  const uint32_t most = version == 4 ? 65515u : 65535u;
  for (const uint32_t payload : {1481u, 3000u, 9000u, most}) {
    const Bytes packet = datagram(version, payload);
    const auto pieces = cut(packet, 1500);
    Bytes order(pieces.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint8_t>(i);
    for (int turn = 0; turn < 6 && (turn == 0 || std::next_permutation(order.begin(), order.end())); ++turn) {
      Reassembly r;
      for (size_t i = 0; i + 1 < order.size(); ++i) CHECK(add(r, pieces[order[i]]) == Outcome::kWaiting);
      if (!CHECK(add(r, pieces[order.back()]) == Outcome::kWhole)) return;
      CHECK(r.packet().size() == packet.size() && r.tag() == 7 && r.waiting() == 0);
      // The checksum of IPv4's header is right, and was not before.
      const size_t from = version == 4 ? 12 : 0;
      CHECK_BYTES(r.packet().data() + from, packet.data() + from, packet.size() - from);
    }
    std::reverse(order.begin(), order.end());
    Reassembly r;
    for (size_t i = 0; i + 1 < order.size(); ++i) CHECK(add(r, pieces[order[i]]) == Outcome::kWaiting);
    CHECK(add(r, pieces[order.back()]) == Outcome::kWhole);
  }
}

void refusals(int version) {
  const auto pieces = cut(datagram(version, 4000), 1500);
  Reassembly r;
  CHECK(add(r, pieces[0]) == Outcome::kWaiting);
  // The same octets again: all of the datagram goes (RFC 5722 3).
  CHECK(add(r, pieces[0]) == Outcome::kOverlap && r.waiting() == 0);
  // A last piece that ends before another has begun.
  CHECK(add(r, pieces[2]) == Outcome::kWaiting);
  Bytes lies = pieces[1];
  const size_t field = version == 4 ? 6 : 42;
  storeBe16(&lies[field], static_cast<uint16_t>(loadBe16(&lies[field]) & (version == 4 ? ~0x2000 : ~1)));
  CHECK(add(r, lies) == Outcome::kMalformed && r.waiting() == 0);
  // Beyond 65535 octets, as the ping of death.
  Bytes beyond = pieces[1];
  storeBe16(&beyond[field], static_cast<uint16_t>(version == 4 ? 0x1fff : 0xfff8));
  CHECK(add(r, beyond) == Outcome::kMalformed);
  // Half a unit, and more to follow.
  Bytes odd = pieces[0];
  odd.resize(odd.size() - 3);
  storeBe16(&odd[version == 4 ? 2 : 4], static_cast<uint16_t>(odd.size() - (version == 4 ? 0 : 40)));
  CHECK(add(r, odd) == Outcome::kMalformed);
}

void limits() {
  Reassembly r;
  const auto pieces = cut(datagram(4, 4000), 1500);
  Bytes piece = pieces[0];
  for (uint32_t i = 0; i < Reassembly::kDatagrams; ++i) {
    storeBe16(&piece[4], static_cast<uint16_t>(i));
    CHECK(add(r, piece, 1 + i) == Outcome::kWaiting);
  }
  storeBe16(&piece[4], 60000);
  CHECK(add(r, piece) == Outcome::kOverflow && r.waiting() == Reassembly::kDatagrams);
  CHECK(r.expire(Reassembly::kLifetimeNs) == 0);
  CHECK(r.expire(Reassembly::kLifetimeNs + 2) == 1);
  CHECK(r.expire(2 * Reassembly::kLifetimeNs) == Reassembly::kDatagrams - 1 && r.waiting() == 0);

  // Many pieces of one datagram, and many octets that are never filled.
  storeBe16(&piece[2], 28);
  piece.resize(28);
  uint32_t taken = 0;
  while (taken < 1000) {
    storeBe16(&piece[6], static_cast<uint16_t>(0x2000 | (taken * 2)));
    if (add(r, piece) != Outcome::kWaiting) break;
    ++taken;
  }
  CHECK(taken == Reassembly::kPieces && r.waiting() == 0);
  uint32_t large = 0;
  for (; large < Reassembly::kDatagrams; ++large) {
    storeBe16(&piece[4], static_cast<uint16_t>(large));
    storeBe16(&piece[6], 0x2000 | 8100);
    if (add(r, piece) != Outcome::kWaiting) break;
  }
  CHECK(large > 10 && large <= Reassembly::kBytes / 64000 + 1);
}

}  // namespace

int main() {
  for (const int version : {4, 6}) {
    roundTrip(version);
    refusals(version);
  }
  limits();
  return rp::test::checkFailures();
}
