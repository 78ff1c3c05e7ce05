#include "xfrm/database_info.h"

namespace rp::xfrm {
namespace {

using netlink::Attribute;

std::optional<HashThreshold> thresholdOf(const Attribute& attribute) {
  const auto t = attribute.as<xfrmu_spdhthresh>();
  return t ? std::optional(HashThreshold{t->lbits, t->rbits}) : std::nullopt;
}

}  // namespace

SadInfo SadInfo::decode(const netlink::Message& message) {
  SadInfo info;
  // Behind the header stands a word of flags.
  for (const Attribute& a : message.attributes<uint32_t>()) {
    if (a.type == XFRMA_SAD_CNT) info.count = a.asOr<uint32_t>(0);
    if (a.type != XFRMA_SAD_HINFO) continue;
    if (const auto hash = a.as<xfrmu_sadhinfo>()) {
      info.hashBuckets = hash->sadhcnt;
      info.hashBucketsMaximum = hash->sadhmcnt;
    }
  }
  return info;
}

SpdInfo SpdInfo::decode(const netlink::Message& message) {
  SpdInfo info;
  for (const Attribute& a : message.attributes<uint32_t>()) {
    if (a.type == XFRMA_SPD_INFO) {
      if (const auto counts = a.as<xfrmu_spdinfo>()) {
        info.in = counts->incnt;
        info.out = counts->outcnt;
        info.fwd = counts->fwdcnt;
        info.socketIn = counts->inscnt;
        info.socketOut = counts->outscnt;
        info.socketFwd = counts->fwdscnt;
      }
    } else if (a.type == XFRMA_SPD_HINFO) {
      if (const auto hash = a.as<xfrmu_spdhinfo>()) {
        info.hashBuckets = hash->spdhcnt;
        info.hashBucketsMaximum = hash->spdhmcnt;
      }
    } else if (a.type == XFRMA_SPD_IPV4_HTHRESH) {
      info.inet = thresholdOf(a);
    } else if (a.type == XFRMA_SPD_IPV6_HTHRESH) {
      info.inet6 = thresholdOf(a);
    }
  }
  return info;
}

netlink::Request SpdInfo::request() const {
  netlink::Request request(XFRM_MSG_NEWSPDINFO, 0, uint32_t{0});
  if (inet) request.put(NLA(XFRMA_SPD_IPV4_HTHRESH), xfrmu_spdhthresh{inet->local, inet->remote});
  if (inet6) request.put(NLA(XFRMA_SPD_IPV6_HTHRESH), xfrmu_spdhthresh{inet6->local, inet6->remote});
  return request;
}

std::optional<DefaultPolicy> DefaultPolicy::decode(const netlink::Message& message) {
  const auto d = message.fixed<xfrm_userpolicy_default>();
  return d ? std::optional(DefaultPolicy{d->in, d->fwd, d->out}) : std::nullopt;
}

}  // namespace rp::xfrm
