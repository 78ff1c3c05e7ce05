#include "esp/inbound_sa.h"

namespace rp::esp {

InboundSa::InboundSa(const SaParameters& p)
    : suite_((p.validate(), p.suiteInUse())),
      window_(p.replayWindow, p.esn, p.sequence),
      deflate_(p.protocol == Protocol::ipcomp ? std::make_unique<Deflate>(Deflate::Direction::decompress) : nullptr),
      spi_(p.spi),
      protocol_(p.protocol),
      mode_(p.mode),
      udp_(p.udp),
      copyDscp_(p.decapsulateDscp),
      srcPort_(p.srcPort),
      dstPort_(p.dstPort),
      src_(p.src),
      dst_(p.dst) {}

void InboundSa::setEndpoints(const Address& src, const Address& dst, bool udp, uint16_t srcPort, uint16_t dstPort) {
  src_ = src;
  dst_ = dst;
  udp_ = udp;
  srcPort_ = srcPort;
  dstPort_ = dstPort;
}

}  // namespace rp::esp
