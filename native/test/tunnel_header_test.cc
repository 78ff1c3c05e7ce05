// RFC 6040: every combination of the ECN fields at both ends of a tunnel; DSCP, DF and padding as an SA says.
#include <vector>

#include "base/bytes.h"
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"
#include "esp/ip_header.h"
#include "test/check.h"

using namespace rp;
using namespace rp::esp;
using Bytes = std::vector<uint8_t>;

namespace {

constexpr uint8_t kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3, kDrop = 255;
const uint8_t kKey[64] = {6, 0, 4, 0};

Bytes inner(int version, uint8_t tos, bool df) {
  Bytes p(version == 4 ? 20u : 40u);
  const Address a = Address::parse(version == 4 ? "10.0.0.1" : "fd00::1", "a");
  const Address b = Address::parse(version == 4 ? "10.0.0.2" : "fd00::2", "b");
  writeIpHeader(p.data(), {a, b, tos, 64, 59, df, 1, 4});
  p.resize(p.size() + 4, 0x55);
  return p;
}

uint8_t tosOf(const uint8_t* p) { return p[0] >> 4 == 4 ? p[1] : static_cast<uint8_t>(loadBe16(p) >> 4); }

SaParameters parameters(Protocol protocol, int outer) {
  SaParameters p;
  p.protocol = protocol;
  p.spi = 4301;
  p.src = Address::parse(outer == 4 ? "192.0.2.1" : "2001:db8::1", "src");
  p.dst = Address::parse(outer == 4 ? "192.0.2.2" : "2001:db8::2", "dst");
  p.suite.integrity = crypto::Integrity::sha256_128;
  p.suite.integrityKey = std::span(kKey).first(32);
  p.replayWindow = 0;
  return p;
}

struct Sent {
  Bytes bytes;
  uint8_t tos;
  bool df;
  uint8_t ttl;
};

Sent send(const SaParameters& parameters, const Bytes& packet) {
  OutboundSa sa(parameters);
  Bytes buffer(256, 0);
  buffer.insert(buffer.end(), packet.begin(), packet.end());
  buffer.resize(buffer.size() + 2048);
  OutboundPacket p;
  p.data = buffer.data() + 256;
  p.length = uint32_t(packet.size());
  p.headroom = 256;
  p.tailroom = 2048;
  p.sa = &sa;
  encapsulate({&p, 1});
  prependOuterHeader(p);
  CHECK(p.status == Status::ok);
  const bool v4 = p.data[0] >> 4 == 4;
  return {Bytes(p.data, p.data + p.length), tosOf(p.data), v4 && (p.data[6] & 0x40) != 0, p.data[v4 ? 8 : 7]};
}

// The inner TOS that comes out, or kDrop.
uint8_t receive(const SaParameters& parameters, Bytes wire, uint8_t outerEcn) {
  // A router marks what is on its way.
  if (wire[0] >> 4 == 4)
    wire[1] = uint8_t((wire[1] & 0xfc) | outerEcn);
  else
    wire[1] = uint8_t((wire[1] & 0xcf) | outerEcn << 4);
  InboundSa sa(parameters);
  Bytes buffer(128, 0);
  buffer.insert(buffer.end(), wire.begin(), wire.end());
  buffer.resize(buffer.size() + 64);
  InboundPacket p;
  p.data = buffer.data() + 128;
  p.length = uint32_t(wire.size());
  p.headroom = 128;
  p.tailroom = 64;
  p.sa = &sa;
  stripOuterHeader(p);
  CHECK(p.status == Status::ok);
  decapsulate({&p, 1});
  if (p.status == Status::congestion) return kDrop;
  if (!CHECK(p.status == Status::ok)) return kDrop;
  if (p.version == 4) CHECK(checksum(p.data, 20) == 0);
  return tosOf(p.data);
}

// RFC 6040 figure 4: rows are the inner field, columns the outer one, in the order Not-ECT, ECT(0), ECT(1), CE.
constexpr uint8_t kOrder[4] = {kNotEct, kEct0, kEct1, kCe};
constexpr uint8_t kOut[4][4] = {
    {kNotEct, kNotEct, kNotEct, kDrop}, {kEct0, kEct0, kEct1, kCe}, {kEct1, kEct1, kEct1, kCe}, {kCe, kCe, kCe, kCe}};

void ecn(Protocol protocol, int in, int out) {
  const SaParameters p = parameters(protocol, out);
  SaParameters compatibility = p;
  compatibility.copyEcn = false;
  for (int i = 0; i < 4; i++) {
    const Bytes packet = inner(in, uint8_t(0xb8 | kOrder[i]), false);
    // Figure 3: normal mode copies, compatibility mode says Not-ECT; both copy the DSCP.
    CHECK(send(p, packet).tos == (0xb8 | kOrder[i]));
    CHECK(send(compatibility, packet).tos == 0xb8);
    for (int o = 0; o < 4; o++) {
      const uint8_t got = receive(p, send(p, packet).bytes, kOrder[o]);
      const uint8_t want = kOut[i][o];
      CHECK(want == kDrop ? got == kDrop : got == (0xb8 | want));
    }
  }
}

void dscpAndDf(Protocol protocol, int in, int out) {
  SaParameters p = parameters(protocol, out);
  const Bytes loose = inner(in, 0x28, false), tight = inner(in, 0x28, true);
  p.ttl = 17;
  CHECK(send(p, loose).ttl == 17);
  p.copyDscp = false;
  p.dscp = 46;
  const Bytes marked = send(p, loose).bytes;
  CHECK(send(p, loose).tos == 46 << 2);
  // The inner DSCP stays, unless the SA says that the outer one is to be taken.
  CHECK(receive(p, marked, kNotEct) == 0x28);
  p.decapsulateDscp = true;
  CHECK(receive(p, marked, kNotEct) == 46 << 2);
  if (out != 4) return;
  for (const auto& [policy, whenLoose, whenTight] :
       {std::tuple{DfPolicy::copy, in == 6, true}, {DfPolicy::set, true, true}, {DfPolicy::clear, false, false}}) {
    p.df = policy;
    CHECK(send(p, loose).df == whenLoose);
    CHECK(send(p, tight).df == whenTight);
  }
}

void padding() {
  SaParameters p = parameters(Protocol::esp, 4);
  const Bytes small = inner(4, 0, false);
  Bytes big = inner(4, 0, false);
  big.resize(900);
  storeBe16(&big[2], 900);
  p.padTo = 700;
  const size_t padded = send(p, small).bytes.size();
  Bytes exact = big;
  exact.resize(700);
  storeBe16(&exact[2], 700);
  CHECK(padded == send(p, exact).bytes.size() && padded < send(p, big).bytes.size());
  CHECK(receive(p, send(p, small).bytes, 0) == 0);
  p.padTo = 0;
  CHECK(send(p, small).bytes.size() < 120);
}

void dummy() {
  const SaParameters parameter = parameters(Protocol::esp, 4);
  OutboundSa sa(parameter);
  Bytes buffer(512, 0);
  OutboundPacket p;
  p.data = buffer.data() + 128;
  p.length = 100;
  p.headroom = 128;
  p.tailroom = 200;
  p.sa = &sa;
  p.dummy = true;
  encapsulate({&p, 1});
  CHECK(p.status == Status::ok);
  InboundSa in(parameter);
  InboundPacket q;
  q.data = p.data;
  q.length = p.length;
  q.sa = &in;
  decapsulate({&q, 1});
  CHECK(q.status == Status::dummy);
}

}  // namespace

int main() {
  for (const Protocol protocol : {Protocol::esp, Protocol::ah}) {
    for (const int in : {4, 6}) {
      for (const int out : {4, 6}) {
        ecn(protocol, in, out);
        dscpAndDf(protocol, in, out);
      }
    }
  }
  padding();
  dummy();
  return rp::test::checkFailures();
}
