// ESP in tunnel mode for packets that are alike, as a super-packet is cut into: what encapsulate() works out for each
// packet, once for all of them.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "esp/outbound_sa.h"
#include "esp/status.h"

namespace rp::esp {

// Of one SA and one length.
class OutboundTrain {
 public:
  // For packets of `bytes` bytes whose version and traffic class are those of `like`. `sa` is of ESP in tunnel mode.
  // malformedInner, tooLong: they cannot be protected.
  Status begin(OutboundSa& sa, std::span<const uint8_t> like, uint32_t bytes);

  // From SPI to ICV, and where the inner packet lies in it.
  uint32_t sealedBytes() const { return head_ + text_ + icv_; }
  uint32_t headBytes() const { return head_; }
  // For the outer header.
  uint8_t tos() const { return tos_; }

  // Lays ESP header and trailer around the inner packet at `esp` + headBytes(). `operation` is what is to be sealed
  // then. `sequence` is the caller's own (OutboundSa::take).
  void wrap(uint8_t* esp, uint64_t sequence, crypto::Operation& operation) const {
    // The place of the ICV follows, so that a short trailer may be written as a whole word.
    uint8_t* const trailer = esp + head_ + inner_;
    if (trailerBytes_ <= sizeof(uint64_t))
      std::memcpy(trailer, trailer_, sizeof(uint64_t));
    else
      std::memcpy(trailer, trailer_, trailerBytes_);
    storeBe32(esp, spi_);
    storeBe32(esp + 4, static_cast<uint32_t>(sequence));
    if (ivGenerator_ != nullptr)
      generateIv(esp + 8, sequence);
    else if (head_ == 16)
      storeBe64(esp + 8, sequence);  // see encapsulate()
    operation.suite = suite_;
    operation.message = {esp, 8, text_, esn_, static_cast<uint32_t>(sequence >> 32)};
  }

 private:
  // Padding up to a block of 16, pad length, next header.
  static constexpr size_t kMaxTrailer = 17;

  void generateIv(uint8_t* to, uint64_t sequence) const;

  const crypto::Suite* suite_ = nullptr;
  crypto::IvGenerator* ivGenerator_ = nullptr;
  uint32_t spi_ = 0, inner_ = 0, head_ = 0, text_ = 0, icv_ = 0, trailerBytes_ = 0;
  bool esn_ = false;
  uint8_t tos_ = 0;
  uint8_t trailer_[kMaxTrailer + 7] = {};
};

}  // namespace rp::esp
