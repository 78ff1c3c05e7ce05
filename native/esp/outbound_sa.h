// The sending end of an SA: keys, sequence number, IVs.
#pragma once
#include <cstdint>
#include <memory>

#include "base/relaxed.h"
#include "crypto/iv_generator.h"
#include "crypto/suite.h"
#include "esp/deflate.h"
#include "esp/sa_parameters.h"
#include "esp/tunnel_header.h"

namespace rp::esp {

// Several threads may encapsulate for one SA, each with ranges of sequence numbers of its own; setEndpoints wants it
// alone.
class OutboundSa {
 public:
  // Throws ArgumentError or UnsupportedError naming the property; SystemError if the system gives no entropy.
  explicit OutboundSa(const SaParameters& parameters);
  ~OutboundSa();
  OutboundSa(const OutboundSa&) = delete;
  OutboundSa& operator=(const OutboundSa&) = delete;

  // The sequence number of the last packet sent; 0 before the first.
  uint64_t sequence() const { return sequence_; }
  // True once no number is left; encapsulate then answers sequenceOverflow and sends nothing.
  bool exhausted() const { return sequence_ == last_; }
  // Takes up to `count` sequence numbers for the caller alone: `first` is the first of them. Returns how many.
  uint32_t take(uint32_t count, uint64_t& first);
  // Gives back those of what was taken from `first` on, `count` in number; if somebody took more since, they are lost.
  void giveBack(uint64_t first, uint32_t count) { sequence_.replace(first + count - 1, first - 1); }
  // True in the last sixteenth of the numbers: time for a rekey (RFC 4303 3.3.3).
  bool nearlyExhausted() const { return last_ - sequence_ < last_ / 16; }

  uint32_t spi() const { return spi_; }
  Protocol protocol() const { return protocol_; }
  Mode mode() const { return mode_; }
  const Address& src() const { return src_; }
  const Address& dst() const { return dst_; }
  bool udp() const { return udp_; }
  uint16_t srcPort() const { return srcPort_; }
  uint16_t dstPort() const { return dstPort_; }
  const TunnelHeader& header() const { return header_; }
  // ESP in tunnel mode: what inner packets are padded to (RFC 4303 2.7), as far as their buffers allow it.
  void setPadTo(uint32_t bytes) { padTo_ = bytes; }
  uint32_t paddedBytes(uint32_t bytes) const {
    const uint32_t padTo = padTo_;
    return mode_ == Mode::tunnel && protocol_ == Protocol::esp && padTo > bytes ? padTo : bytes;
  }
  // A NAT mapping or an address of the peer changed (RFC 7296 2.23).
  void setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort);

  // Room that encapsulate needs: in front (in transport mode too), and behind at most.
  uint32_t headBytes() const { return headBytes_; }
  uint32_t tailBytes() const {
    return protocol_ == Protocol::esp ? alignment_ - 1 + 2 + uint32_t(suite_.icvBytes()) : uint32_t(suite_.icvBytes());
  }
  // Room that prependOuterHeader needs on top of it: 20 or 40, and 8 for UDP.
  uint32_t outerBytes() const { return (dst_.version == 4 ? 20u : 40u) + (udp_ ? 8u : 0u); }
  // Length of the ESP packet (SPI..ICV), or of AH or IPComp with what is behind it, around `payloadBytes`: a whole
  // inner packet in tunnel mode, what follows the IP header in transport mode.
  uint32_t sealedBytes(uint32_t payloadBytes) const;
  // The longest payload whose packet, outer IP and UDP headers included, fits `mtu`; 0 if none does.
  uint32_t maximumPayload(uint32_t mtu) const;
  const crypto::Suite& suite() const { return suite_; }
  // IPComp alone.
  Deflate& deflate() { return *deflate_; }
  // For headers that have no sequence number to take it from (RFC 6864 4.1).
  uint64_t nextIdentification() { return ++sequence_; }

 private:
  friend struct Encapsulation;
  friend struct AhOutbound;
  friend class OutboundTrain;
  crypto::Suite suite_;
  std::unique_ptr<crypto::IvGenerator> ivGenerator_;  // CBC
  std::unique_ptr<Deflate> deflate_;                  // IPComp
  Relaxed<uint64_t> sequence_;
  uint64_t last_;
  uint32_t spi_, alignment_, headBytes_;
  Relaxed<uint32_t> padTo_;
  Protocol protocol_;
  Mode mode_;
  bool udp_, esn_;
  TunnelHeader header_;
  uint16_t srcPort_, dstPort_;
  Address src_, dst_;
};

}  // namespace rp::esp
