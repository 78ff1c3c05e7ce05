#include "esp/outbound_train.h"

#include "esp/ip_header.h"

namespace rp::esp {

Status OutboundTrain::begin(OutboundSa& sa, std::span<const uint8_t> like, uint32_t bytes) {
  IpPacket ip;
  if (!IpPacket::parse(like.data(), uint32_t(like.size()), ip)) return Status::malformedInner;
  suite_ = &sa.suite_;
  ivGenerator_ = sa.ivGenerator_.get();
  spi_ = sa.spi_;
  esn_ = sa.esn_;
  inner_ = bytes;
  head_ = sa.headBytes();
  icv_ = uint32_t(sa.suite_.icvBytes());
  text_ = sa.sealedBytes(bytes) - head_ - icv_;
  if (sealedBytes() + ipHeaderBytes(sa.dst_) + (sa.udp_ ? 8 : 0) > 65535) return Status::tooLong;
  trailerBytes_ = text_ - bytes;
  const uint32_t pad = trailerBytes_ - 2;
  for (uint32_t i = 0; i < pad; i++) trailer_[i] = uint8_t(i + 1);  // RFC 4303 2.4
  trailer_[pad] = uint8_t(pad);
  trailer_[pad + 1] = ip.version == 4 ? kIpv4 : kIpv6;
  tos_ = sa.header_.tos(ip);
  return Status::ok;
}

void OutboundTrain::generateIv(uint8_t* to, uint64_t sequence) const {
  uint8_t iv[16];
  ivGenerator_->generate(sequence, iv);
  std::memcpy(to, iv, head_ - 8);
}

}  // namespace rp::esp
