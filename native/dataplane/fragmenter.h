// Cuts a whole IP packet into fragments (RFC 791 3.2, RFC 8200 4.5): outer packets that are longer than their path
// carries, and inner ones that may be cut while the outer ones may not.
#pragma once
#include <cstdint>
#include <functional>
#include <span>

namespace rp::dataplane {

class Fragmenter {
 public:
  // `packet` must outlive the last next(); IPv6 fragments get `identification`. `mtu` is at least 68 or 1280.
  // False if the packet cannot be cut: malformed, DF is set, or a header as long as the MTU.
  bool begin(std::span<const uint8_t> packet, uint32_t mtu, uint32_t identification);
  bool done() const { return offset_ == payload_.size(); }
  // Upper bound of what next() writes.
  uint32_t longest() const { return mtu_; }
  // Writes the next fragment and returns its length.
  uint32_t next(uint8_t* to);

 private:
  uint32_t nextV4(uint8_t* to, uint32_t bytes, bool last);
  uint32_t nextV6(uint8_t* to, uint32_t bytes, bool last);

  std::span<const uint8_t> header_, payload_;
  uint32_t mtu_ = 0, offset_ = 0, nextHeaderAt_ = 0, identification_ = 0;
  // Of a packet that is a fragment itself.
  uint16_t firstUnit_ = 0;
  bool more_ = false;
};

}  // namespace rp::dataplane
