#include "xfrm/sa.h"

namespace rp::xfrm {
namespace {

using netlink::Attribute;
using netlink::Request;

// A window that XFRMA_REPLAY_VAL cannot say, or 64-bit sequence numbers.
bool wantsEsnFormat(const Sa& sa) {
  return sa.replay.esnFormat || (sa.flags & XFRM_STATE_ESN) != 0 || sa.replay.window > 32;
}

void putReplay(Request& request, const Sa& sa) {
  if (sa.protocol != IPPROTO_ESP && sa.protocol != IPPROTO_AH) return;
  Replay replay = sa.replay;
  replay.esnFormat = wantsEsnFormat(sa);
  // With XFRMA_REPLAY_ESN_VAL the window is in it; without, in the fixed part.
  if (replay.esnFormat || replay.outbound != 0 || replay.inbound != 0) replay.put(request);
}

void putMarkPair(Request& request, const std::optional<Mark>& mark) {
  if (!mark) return;
  request.put(NLA(XFRMA_SET_MARK), mark->value);
  request.put(NLA(XFRMA_SET_MARK_MASK), mark->mask);
}

xfrm_usersa_info infoOf(const Sa& sa) {
  if (sa.dst.version == 0) throw ArgumentError("dst: an SA needs one");
  requireOneFamily(sa.dst, sa.src, "src");
  xfrm_usersa_info info{};
  if (sa.selector) info.sel = sa.selector->toKernel();
  info.id.daddr = toXfrm(sa.dst);
  info.id.spi = htonl(sa.spi);
  info.id.proto = sa.protocol;
  info.saddr = toXfrm(sa.src);
  info.lft = sa.lifetime.toKernel();
  info.seq = sa.seq;
  info.reqid = sa.reqid;
  info.family = static_cast<uint16_t>(sa.dst.family());
  info.mode = sa.mode;
  info.replay_window = wantsEsnFormat(sa) ? 0 : static_cast<uint8_t>(sa.replay.window);
  info.flags = sa.flags;
  return info;
}

std::optional<Encapsulation> decodeEncapsulation(const Attribute& attribute, uint16_t family) {
  const auto e = attribute.as<xfrm_encap_tmpl>();
  if (!e) return std::nullopt;
  return Encapsulation{e->encap_type, ntohs(e->encap_sport), ntohs(e->encap_dport), fromXfrm(e->encap_oa, family)};
}

}  // namespace

Request SaKey::request(uint16_t type) const {
  if (dst.version == 0) throw ArgumentError("dst: the key of an SA needs one");
  xfrm_usersa_id id{};
  id.daddr = toXfrm(dst);
  id.spi = htonl(spi);
  id.family = static_cast<uint16_t>(dst.family());
  id.proto = protocol;
  Request request(type, 0, id);
  putMark(request, mark);
  return request;
}

Request Sa::request(uint16_t type) const {
  Request request(type, 0, infoOf(*this));
  if (aead) putAead(request, *aead);
  if (integrity) putIntegrity(request, *integrity);
  if (encryption) putEncryption(request, *encryption);
  if (compression) putCompression(request, *compression);
  if (encapsulation) {
    xfrm_encap_tmpl e{};
    e.encap_type = encapsulation->type;
    e.encap_sport = htons(encapsulation->srcPort);
    e.encap_dport = htons(encapsulation->dstPort);
    e.encap_oa = toXfrm(encapsulation->originalAddress);
    request.put(NLA(XFRMA_ENCAP), e);
  }
  putReplay(request, *this);
  if (usage.bytes != 0 || usage.packets != 0 || usage.addTime != 0) request.put(NLA(XFRMA_LTIME_VAL), usage.toKernel());
  putMark(request, mark);
  putMarkPair(request, outputMark);
  if (ifId != 0) request.put(NLA(XFRMA_IF_ID), ifId);
  putOffload(request, offload);
  if (extraFlags != 0) request.put(NLA(XFRMA_SA_EXTRA_FLAGS), extraFlags);
  if (tfcPadBytes != 0) request.put(NLA(XFRMA_TFCPAD), tfcPadBytes);
  if (coaddr) request.put(NLA(XFRMA_COADDR), toXfrm(*coaddr));
  if (direction) request.put({kSaDirection, "XFRMA_SA_DIR"}, *direction);
  if (natKeepaliveSeconds != 0)
    request.put({kNatKeepaliveInterval, "XFRMA_NAT_KEEPALIVE_INTERVAL"}, natKeepaliveSeconds);
  if (cpu) request.put({kSaPcpu, "XFRMA_SA_PCPU"}, *cpu);
  return request;
}

Sa Sa::decode(const xfrm_usersa_info& info, const netlink::Attributes& attributes) {
  Sa sa;
  sa.dst = fromXfrm(info.id.daddr, info.family);
  sa.src = fromXfrm(info.saddr, info.family);
  sa.spi = ntohl(info.id.spi);
  sa.protocol = info.id.proto;
  sa.mode = info.mode;
  sa.reqid = info.reqid;
  sa.seq = info.seq;
  sa.flags = info.flags;
  if (info.sel.family != AF_UNSPEC) sa.selector = Selector::fromKernel(info.sel);
  sa.lifetime = Lifetime::fromKernel(info.lft);
  sa.usage = Usage::fromKernel(info.curlft);
  sa.errors = {info.stats.replay_window, info.stats.replay, info.stats.integrity_failed};
  sa.replay.window = info.replay_window;
  uint32_t setMark = 0, setMask = 0xffffffff;
  for (const Attribute& a : attributes) {
    switch (a.type) {
      case XFRMA_ALG_AEAD:
        sa.aead = decodeAead(a);
        break;
      case XFRMA_ALG_CRYPT:
        sa.encryption = decodeAlgorithm(a);
        break;
      case XFRMA_ALG_COMP:
        sa.compression = decodeAlgorithm(a);
        break;
      case XFRMA_ALG_AUTH:
        // A dump has both; the other one says more.
        if (!sa.integrity) sa.integrity = decodeAlgorithm(a);
        break;
      case XFRMA_ALG_AUTH_TRUNC:
        sa.integrity = decodeIntegrity(a);
        break;
      case XFRMA_ENCAP:
        sa.encapsulation = decodeEncapsulation(a, info.family);
        break;
      case XFRMA_REPLAY_VAL:
        if (auto replay = Replay::decode(a); replay && !sa.replay.esnFormat) {
          replay->window = info.replay_window;
          sa.replay = std::move(*replay);
        }
        break;
      case XFRMA_REPLAY_ESN_VAL:
        if (auto replay = Replay::decodeEsn(a)) sa.replay = std::move(*replay);
        break;
      case XFRMA_MARK:
        sa.mark = decodeMark(a);
        break;
      case XFRMA_SET_MARK:
        setMark = a.asOr<uint32_t>(0);
        break;
      case XFRMA_SET_MARK_MASK:
        setMask = a.asOr<uint32_t>(0);
        break;
      case XFRMA_IF_ID:
        sa.ifId = a.asOr<uint32_t>(0);
        break;
      case XFRMA_OFFLOAD_DEV:
        sa.offload = decodeOffload(a);
        break;
      case XFRMA_SA_EXTRA_FLAGS:
        sa.extraFlags = a.asOr<uint32_t>(0);
        break;
      case XFRMA_TFCPAD:
        sa.tfcPadBytes = a.asOr<uint32_t>(0);
        break;
      case XFRMA_COADDR:
        if (const auto address = a.as<xfrm_address_t>()) sa.coaddr = fromXfrm(*address, info.family);
        break;
      case XFRMA_LASTUSED:
        sa.lastUsed = a.asOr<uint64_t>(0);
        break;
      case kSaDirection:
        if (const auto value = a.as<uint8_t>(); value && *value != 0) sa.direction = value;
        break;
      case kNatKeepaliveInterval:
        sa.natKeepaliveSeconds = a.asOr<uint32_t>(0);
        break;
      case kSaPcpu:
        sa.cpu = a.as<uint32_t>();
        break;
    }
  }
  if (setMark != 0) sa.outputMark = Mark{setMark, setMask};
  return sa;
}

std::optional<Sa> Sa::decode(const netlink::Message& message) {
  const uint16_t type = message.header.nlmsg_type;
  if (type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA) return std::nullopt;
  const auto info = message.fixed<xfrm_usersa_info>();
  if (!info || fromXfrm(info->id.daddr, info->family).version == 0) return std::nullopt;
  return decode(*info, message.attributes<xfrm_usersa_info>());
}

void Sa::dropKeys() {
  for (auto* algorithm : {&aead, &encryption, &integrity}) {
    if (*algorithm) (*algorithm)->key = SecretBytes{};
  }
}

}  // namespace rp::xfrm
