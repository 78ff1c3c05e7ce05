// Security associations: XFRM_MSG_NEWSA, UPDSA, DELSA, GETSA (xfrm_usersa_info, "states" for ip-xfrm(8)).
#pragma once
#include <string>

#include "xfrm/algorithm.h"
#include "xfrm/lifetime.h"
#include "xfrm/replay.h"
#include "xfrm/selector.h"

namespace rp::xfrm {

// XFRMA_ENCAP: ESP in UDP (RFC 3948) or TCP (RFC 8229), ports in the direction of travel.
struct Encapsulation {
  uint16_t type = 2;  // UDP_ENCAP_ESPINUDP
  uint16_t srcPort = 0;
  uint16_t dstPort = 0;
  Address originalAddress;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("type", self.type, kEncapsulations);
    v("srcPort", self.srcPort);
    v("dstPort", self.dstPort);
    v("originalAddress", self.originalAddress);
  }
};

// What names an SA to the kernel.
struct SaKey {
  Address dst;
  uint32_t spi = 0;
  uint8_t protocol = 0;
  std::optional<Mark> mark;

  netlink::Request request(uint16_t type) const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("dst", self.dst);
    v("spi", self.spi);
    v.named("protocol", self.protocol, kProtocols);
    v.record("mark", self.mark);
  }
};

// struct xfrm_stats.
struct SaErrors {
  uint32_t replayWindow = 0, replay = 0, integrity = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("replayWindow", self.replayWindow);
    v("replay", self.replay);
    v("integrity", self.integrity);
  }
};

struct Sa {
  Address src;
  Address dst;
  uint32_t spi = 0;
  uint8_t protocol = IPPROTO_ESP;
  uint8_t mode = XFRM_MODE_TUNNEL;
  uint32_t reqid = 0;
  uint32_t seq = 0;
  uint8_t flags = 0;        // XFRM_STATE_*
  uint32_t extraFlags = 0;  // XFRM_SA_XFLAG_*
  std::optional<Selector> selector;
  Lifetime lifetime;
  Usage usage;
  SaErrors errors;
  uint64_t lastUsed = 0;  // seconds of CLOCK_REALTIME, 0 is never or unknown
  std::optional<Algorithm> aead, encryption, integrity, compression;
  std::optional<Encapsulation> encapsulation;
  Replay replay;
  std::optional<Mark> mark;
  std::optional<Mark> outputMark;  // XFRMA_SET_MARK
  uint32_t ifId = 0;
  std::optional<Offload> offload;
  std::optional<uint8_t> direction;  // XFRMA_SA_DIR, Linux 6.10
  std::optional<uint32_t> cpu;
  uint32_t natKeepaliveSeconds = 0;
  uint32_t tfcPadBytes = 0;
  std::optional<Address> coaddr;

  // XFRM_MSG_NEWSA or XFRM_MSG_UPDSA. `usage` and sequence numbers go along if they are not zero.
  netlink::Request request(uint16_t type) const;
  // From XFRM_MSG_NEWSA, UPDSA, and what carries an xfrm_usersa_info in front of the same attributes.
  static std::optional<Sa> decode(const netlink::Message& message);
  static Sa decode(const xfrm_usersa_info& info, const netlink::Attributes& attributes);
  SaKey key() const { return {dst, spi, protocol, mark}; }
  void dropKeys();

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("src", self.src);
    v("dst", self.dst);
    v("spi", self.spi);
    v.named("protocol", self.protocol, kProtocols);
    v.named("mode", self.mode, kModes);
    v("reqid", self.reqid);
    v("seq", self.seq);
    v.flag("noecn", self.flags, XFRM_STATE_NOECN);
    v.flag("decapDscp", self.flags, XFRM_STATE_DECAP_DSCP);
    v.flag("nopmtudisc", self.flags, XFRM_STATE_NOPMTUDISC);
    v.flag("wildrecv", self.flags, XFRM_STATE_WILDRECV);
    v.flag("icmp", self.flags, XFRM_STATE_ICMP);
    v.flag("afUnspec", self.flags, XFRM_STATE_AF_UNSPEC);
    v.flag("align4", self.flags, XFRM_STATE_ALIGN4);
    v.flag("esn", self.flags, XFRM_STATE_ESN);
    v.flag("dontEncapDscp", self.extraFlags, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    v.flag("oseqMayWrap", self.extraFlags, XFRM_SA_XFLAG_OSEQ_MAY_WRAP);
    v.record("selector", self.selector);
    v.record("lifetime", self.lifetime);
    v.record("usage", self.usage);
    v.record("errors", self.errors);
    v("lastUsed", self.lastUsed);
    v.record("aead", self.aead);
    v.record("encryption", self.encryption);
    v.record("integrity", self.integrity);
    v.record("compression", self.compression);
    v.record("encapsulation", self.encapsulation);
    v.record("replay", self.replay);
    v.record("mark", self.mark);
    v.record("outputMark", self.outputMark);
    v("ifId", self.ifId);
    v.record("offload", self.offload);
    v.named("direction", self.direction, kSaDirections);
    v("cpu", self.cpu);
    v("natKeepaliveSeconds", self.natKeepaliveSeconds);
    v("tfcPadBytes", self.tfcPadBytes);
    v("coaddr", self.coaddr);
  }
};

}  // namespace rp::xfrm
