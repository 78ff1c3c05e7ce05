#include "dataplane/sa_binding.h"

#include "dataplane/term_binding.h"

namespace rp::dataplane {

using node::ObjectReader;

namespace {

constexpr uint64_t kMax53 = uint64_t{1} << 53;

// TunnelHeader and the padding of TrafficFlowConfidentiality.
void headerOf(const ObjectReader& spec, esp::SaParameters& p) {
  p.df = esp::DfPolicy::clear;
  if (spec.has("header")) {
    const ObjectReader r = spec.object("header");
    if (r.has("df"))
      p.df = oneOf<esp::DfPolicy>(
          r, "df", {{"copy", esp::DfPolicy::copy}, {"set", esp::DfPolicy::set}, {"clear", esp::DfPolicy::clear}});
    if (r.has("dscp") && !(p.copyDscp = r.get("dscp").IsString() && r.string("dscp") == "copy"))
      p.dscp = static_cast<uint8_t>(r.whole("dscp", 0, 63));
    if (r.has("ecn")) p.copyEcn = oneOf<bool>(r, "ecn", {{"copy", true}, {"zero", false}});
    p.ttl = static_cast<uint8_t>(r.wholeOr("ttl", 64, 1, 255));
    if (r.has("innerDscp")) p.decapsulateDscp = oneOf<bool>(r, "innerDscp", {{"copy", true}, {"keep", false}});
  }
}

void confidentialityOf(const ObjectReader& r, SaSpec& spec) {
  if (!r.has("tfc")) return;
  const ObjectReader tfc = r.object("tfc");
  if (tfc.has("padTo") && !(spec.padsToPath = tfc.get("padTo").IsString() && tfc.string("padTo") == "mtu"))
    spec.parameters.padTo = static_cast<uint32_t>(tfc.whole("padTo", 0, 9000));
  spec.dummiesPerSecond = static_cast<uint32_t>(tfc.wholeOr("dummiesPerSecond", 0, 0, 1000));
}

}  // namespace

SaKey keyOf(const ObjectReader& r) {
  const esp::Protocol protocol = protocolOf(r);
  const bool cpi = protocol == esp::Protocol::ipcomp;
  return {static_cast<uint32_t>(r.whole("spi", cpi ? 2 : 256, cpi ? 61439 : UINT32_MAX)), addressOf(r, "dst"),
          protocol};
}

Outer outerOf(const ObjectReader& r, Direction direction, const Here& here) {
  Outer o;
  o.src = addressOf(r, "src");
  o.dst = addressOf(r, "dst");
  if (o.src.version != o.dst.version) throw ArgumentError(r.at("dst") + ": not of the IP version of src");
  if (o.dst.version == 6 && here.lacksIpv6) throw UnsupportedError("IPv6");
  o.udp = r.has("udp");
  if (!o.udp) return o;
  const ObjectReader udp = r.object("udp");
  const bool in = direction == Direction::kIn;
  const uint64_t nat = here.natPort;
  o.srcPort = static_cast<uint16_t>(udp.whole("srcPort", in ? 1 : nat, in ? 65535 : nat));
  o.dstPort = static_cast<uint16_t>(udp.whole("dstPort", in ? nat : 1, in ? nat : 65535));
  return o;
}

Lifetime lifetimeOf(const ObjectReader& spec) {
  Lifetime lifetime;
  if (!spec.has("lifetime")) return lifetime;
  const ObjectReader r = spec.object("lifetime");
  lifetime.soft.bytes = r.wholeOr("softBytes", 0, 0, kMax53);
  lifetime.hard.bytes = r.wholeOr("hardBytes", 0, 0, kMax53);
  lifetime.soft.packets = r.wholeOr("softPackets", 0, 0, kMax53);
  lifetime.hard.packets = r.wholeOr("hardPackets", 0, 0, kMax53);
  lifetime.soft.seconds = r.wholeOr("softSeconds", 0, 0, UINT32_MAX);
  lifetime.hard.seconds = r.wholeOr("hardSeconds", 0, 0, UINT32_MAX);
  return lifetime;
}

SaSpec specOf(const ObjectReader& r, const Here& here) {
  SaSpec spec;
  spec.direction = directionOf(r);
  const Outer outer = outerOf(r, spec.direction, here);
  esp::SaParameters& p = spec.parameters;
  const SaKey key = keyOf(r);
  p.spi = key.spi;
  p.protocol = key.protocol;
  p.mode = modeOf(r);
  p.src = outer.src;
  p.dst = outer.dst;
  p.udp = outer.udp;
  p.srcPort = outer.srcPort;
  p.dstPort = outer.dstPort;
  p.esn = r.boolean("esn");
  p.replayWindow = static_cast<uint32_t>(r.wholeOr("replayWindow", esp::ReplayWindow::kDefault, 0, 4096));
  headerOf(r, p);
  confidentialityOf(r, spec);
  p.suite.encryption = crypto::toEncryption(r.string("encryption"));
  p.suite.icvBytes = static_cast<uint8_t>(r.wholeOr("icvBytes", 16, 8, 16));
  p.suite.integrity = crypto::toIntegrity(r.string("integrity"));
  if (r.has("sequence")) {
    const Napi::Value v = r.get("sequence");
    bool lossless = false;
    if (v.IsBigInt()) p.sequence = v.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) throw ArgumentError("sequence: not a bigint of 0..2^64-1");
  }
  spec.reqid = static_cast<uint32_t>(r.whole("reqid", 0, UINT32_MAX));
  r.each("selectors", [&](const ObjectReader& s) { spec.selectors.push_back(selectorOf(s)); });
  spec.lifetime = lifetimeOf(r);
  // Last, and both before either is looked at: a getter could take the memory away.
  const Napi::Value encryptionKey = r.get("encryptionKey"), integrityKey = r.get("integrityKey");
  p.suite.encryptionKey = r.bytes("encryptionKey", encryptionKey);
  p.suite.integrityKey = r.bytes("integrityKey", integrityKey);
  return spec;
}

}  // namespace rp::dataplane
