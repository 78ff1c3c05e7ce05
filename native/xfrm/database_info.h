// Sizes of the SAD and SPD, hash thresholds, and what happens to a packet without a policy.
#pragma once
#include "xfrm/address.h"

namespace rp::xfrm {

// XFRM_MSG_GETSADINFO.
struct SadInfo {
  uint32_t count = 0;
  uint32_t hashBuckets = 0;
  uint32_t hashBucketsMaximum = 0;

  static SadInfo decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("count", self.count);
    v("hashBuckets", self.hashBuckets);
    v("hashBucketsMaximum", self.hashBucketsMaximum);
  }
};

// A policy whose prefixes are at least this long is found by hash, any other one by search.
struct HashThreshold {
  uint8_t local = 0;
  uint8_t remote = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("local", self.local);
    v("remote", self.remote);
  }
};

// XFRM_MSG_GETSPDINFO, XFRM_MSG_NEWSPDINFO.
struct SpdInfo {
  uint32_t in = 0, out = 0, fwd = 0;
  // Policies of single sockets.
  uint32_t socketIn = 0, socketOut = 0, socketFwd = 0;
  uint32_t hashBuckets = 0, hashBucketsMaximum = 0;
  std::optional<HashThreshold> inet, inet6;

  static SpdInfo decode(const netlink::Message& message);
  // Sets the thresholds, nothing else.
  netlink::Request request() const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("in", self.in);
    v("out", self.out);
    v("fwd", self.fwd);
    v("socketIn", self.socketIn);
    v("socketOut", self.socketOut);
    v("socketFwd", self.socketFwd);
    v("hashBuckets", self.hashBuckets);
    v("hashBucketsMaximum", self.hashBucketsMaximum);
    v.record("inet", self.inet);
    v.record("inet6", self.inet6);
  }
};

// XFRM_MSG_GETDEFAULT, XFRM_MSG_SETDEFAULT, Linux 5.15.
struct DefaultPolicy {
  uint8_t in = XFRM_USERPOLICY_ACCEPT, fwd = XFRM_USERPOLICY_ACCEPT, out = XFRM_USERPOLICY_ACCEPT;

  static std::optional<DefaultPolicy> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("in", self.in, kDefaults);
    v.named("fwd", self.fwd, kDefaults);
    v.named("out", self.out, kDefaults);
  }
};

}  // namespace rp::xfrm
