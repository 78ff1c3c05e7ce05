#include "esp/outbound_sa.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "esp/sa_parameters.h"

namespace rp::esp {
namespace {

// RFC 4302 2.2: AH is a multiple of 4 bytes over IPv4, of 8 over IPv6.
uint32_t ahBytes(const Address& dst, size_t icvBytes) {
  const uint32_t bytes = 12 + uint32_t(icvBytes);
  return dst.version == 4 ? (bytes + 3) / 4 * 4 : (bytes + 7) / 8 * 8;
}

}  // namespace

void SaParameters::validate() const {
  if (protocol == Protocol::ipcomp) {
    // RFC 3173 3.3: 2 is DEFLATE, 256..61439 are negotiated.
    if (spi != 2 && (spi < 256 || spi > 61439))
      throw ArgumentError("spi: a CPI is 2 or 256..61439, got " + std::to_string(spi));
  } else if (spi < 256) {
    throw ArgumentError("spi: 256 or more, got " + std::to_string(spi));
  }
  if (protocol != Protocol::esp) {
    if (suite.encryption != crypto::Encryption::null)
      throw ArgumentError("encryption: null is wanted for AH and IPComp");
    if ((suite.integrity == crypto::Integrity::none) != (protocol == Protocol::ipcomp))
      throw ArgumentError("integrity: AH wants one, IPComp has none");
    if (udp) throw ArgumentError("udp: for ESP alone (RFC 3948)");
  }
  if (src.version == 0) throw ArgumentError("src: an address is wanted");
  if (src.version != dst.version) throw ArgumentError("dst: not of the IP version of src");
  if (dscp > 63) throw ArgumentError("dscp: 0..63, got " + std::to_string(dscp));
  if (ttl == 0) throw ArgumentError("ttl: 1..255, got 0");
  if (!esn && sequence >> 32 != 0) throw ArgumentError("sequence: more than 32 bits want esn");
  if (udp && (srcPort == 0 || dstPort == 0)) throw ArgumentError("udp: both ports are wanted");
}

crypto::SuiteSpec SaParameters::suiteInUse() const {
  if (protocol != Protocol::ipcomp) return suite;
  // IPComp has neither keys nor an ICV (RFC 3173); an SA always holds a suite, and this one is never run.
  static constexpr uint8_t kNoKey[16] = {};
  crypto::SuiteSpec none;
  none.integrity = crypto::Integrity::md5_96;
  none.integrityKey = kNoKey;
  none.implementation = suite.implementation;
  return none;
}

OutboundSa::OutboundSa(const SaParameters& p)
    : suite_((p.validate(), p.suiteInUse())),
      sequence_(p.sequence),
      last_(p.esn ? ~uint64_t(0) : 0xffffffff),
      spi_(p.spi),
      alignment_(std::max<uint32_t>(4, uint32_t(suite_.blockBytes()))),
      headBytes_(p.protocol == Protocol::esp  ? 8 + uint32_t(suite_.ivBytes())
                 : p.protocol == Protocol::ah ? ahBytes(p.dst, suite_.icvBytes())
                                              : 4),
      padTo_(p.padTo),
      protocol_(p.protocol),
      mode_(p.mode),
      udp_(p.udp),
      esn_(p.esn),
      header_(p),
      srcPort_(p.srcPort),
      dstPort_(p.dstPort),
      src_(p.src),
      dst_(p.dst) {
  if (protocol_ == Protocol::ipcomp) deflate_ = std::make_unique<Deflate>(Deflate::Direction::compress);
  if (suite_.wantsRandomIv()) ivGenerator_ = std::make_unique<crypto::IvGenerator>(suite_.implementation());
}

OutboundSa::~OutboundSa() = default;

void OutboundSa::setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort) {
  src_ = src;
  dst_ = dst;
  udp_ = udp;
  srcPort_ = srcPort;
  dstPort_ = dstPort;
}

uint32_t OutboundSa::take(uint32_t count, uint64_t& first) {
  for (;;) {
    const uint64_t before = sequence_;
    const uint64_t some = std::min<uint64_t>(count, last_ - before);
    if (some == 0) return 0;
    first = before + 1;
    if (sequence_.replace(before, before + some)) return static_cast<uint32_t>(some);
  }
}

uint32_t OutboundSa::sealedBytes(uint32_t payloadBytes) const {
  if (protocol_ != Protocol::esp) return headBytes_ + payloadBytes;
  // A power of two.
  const uint32_t text = (payloadBytes + 2 + alignment_ - 1) & ~(alignment_ - 1);
  return headBytes() + text + uint32_t(suite_.icvBytes());
}

uint32_t OutboundSa::maximumPayload(uint32_t mtu) const {
  if (protocol_ != Protocol::esp) return mtu > outerBytes() + headBytes_ ? mtu - outerBytes() - headBytes_ : 0;
  const uint32_t fixed = outerBytes() + headBytes() + uint32_t(suite_.icvBytes());
  if (mtu < fixed) return 0;
  const uint32_t text = (mtu - fixed) / alignment_ * alignment_;
  return text < 2 ? 0 : text - 2;
}

}  // namespace rp::esp
