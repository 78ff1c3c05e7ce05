// The receiving end of an SA: keys and replay window.
#pragma once
#include <cstdint>
#include <memory>

#include "crypto/suite.h"
#include "esp/deflate.h"
#include "esp/replay_window.h"
#include "esp/sa_parameters.h"

namespace rp::esp {

// Several threads may decapsulate for one SA; setEndpoints wants it alone.
class InboundSa {
 public:
  // Throws ArgumentError or UnsupportedError naming the property.
  explicit InboundSa(const SaParameters& parameters);

  const ReplayWindow& window() const { return window_; }
  uint32_t spi() const { return spi_; }
  Protocol protocol() const { return protocol_; }
  // Whether the outer DSCP replaces the inner one.
  bool copyDscp() const { return copyDscp_; }
  Mode mode() const { return mode_; }
  const Address& src() const { return src_; }
  const Address& dst() const { return dst_; }
  bool udp() const { return udp_; }
  uint16_t srcPort() const { return srcPort_; }
  uint16_t dstPort() const { return dstPort_; }
  void setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort);
  const crypto::Suite& suite() const { return suite_; }
  // IPComp alone.
  Deflate& deflate() { return *deflate_; }

 private:
  friend struct Decapsulation;
  friend struct AhInbound;

  crypto::Suite suite_;
  ReplayWindow window_;
  std::unique_ptr<Deflate> deflate_;
  uint32_t spi_;
  Protocol protocol_;
  Mode mode_;
  bool udp_, copyDscp_;
  uint16_t srcPort_, dstPort_;
  Address src_, dst_;
};

}  // namespace rp::esp
