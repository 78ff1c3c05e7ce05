// Policies: XFRM_MSG_NEWPOLICY, UPDPOLICY, DELPOLICY, GETPOLICY (RFC 4301 4.4.1).
#pragma once
#include <vector>

#include "xfrm/lifetime.h"
#include "xfrm/selector.h"

namespace rp::xfrm {

// One transform that a packet needs: struct xfrm_user_tmpl. Innermost first.
struct Template {
  Address src;  // of the tunnel; none is any
  Address dst;
  uint32_t spi = 0;
  uint8_t protocol = IPPROTO_ESP;
  uint32_t reqid = 0;
  uint8_t mode = XFRM_MODE_TUNNEL;
  uint8_t share = XFRM_SHARE_ANY;
  bool optional = false;  // level "use"

  xfrm_user_tmpl toKernel(uint16_t policyFamily) const;
  static Template fromKernel(const xfrm_user_tmpl& t);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("src", self.src);
    v("dst", self.dst);
    v("spi", self.spi);
    v.named("protocol", self.protocol, kProtocols);
    v("reqid", self.reqid);
    v.named("mode", self.mode, kModes);
    v.named("share", self.share, kShares);
    v("optional", self.optional);
  }
};

inline constexpr size_t kMaximumTemplates = 6;  // XFRM_MAX_DEPTH

std::vector<Template> decodeTemplates(const netlink::Attribute& attribute);

// What names a policy to the kernel: selector and direction, or index and direction.
struct PolicyKey {
  Selector selector;
  uint8_t direction = XFRM_POLICY_OUT;
  uint32_t index = 0;
  uint8_t type = XFRM_POLICY_TYPE_MAIN;
  std::optional<Mark> mark;
  uint32_t ifId = 0;

  netlink::Request request(uint16_t type) const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("selector", self.selector);
    v.named("direction", self.direction, kDirections);
    v("index", self.index);
    v.named("type", self.type, kPolicyTypes);
    v.record("mark", self.mark);
    v("ifId", self.ifId);
  }
};

struct Policy {
  Selector selector;
  uint8_t direction = XFRM_POLICY_OUT;
  uint32_t index = 0;
  uint32_t priority = 0;  // the lower wins
  uint8_t action = XFRM_POLICY_ALLOW;
  uint8_t flags = 0;  // XFRM_POLICY_LOCALOK, XFRM_POLICY_ICMP
  uint8_t share = XFRM_SHARE_ANY;
  uint8_t type = XFRM_POLICY_TYPE_MAIN;
  Lifetime lifetime;
  Usage usage;
  std::vector<Template> templates;
  std::optional<Mark> mark;
  uint32_t ifId = 0;
  std::optional<Offload> offload;

  // XFRM_MSG_NEWPOLICY or XFRM_MSG_UPDPOLICY.
  netlink::Request request(uint16_t type) const;
  static std::optional<Policy> decode(const netlink::Message& message);
  static Policy decode(const xfrm_userpolicy_info& info, const netlink::Attributes& attributes);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("selector", self.selector);
    v.named("direction", self.direction, kDirections);
    v("index", self.index);
    v("priority", self.priority);
    v.named("action", self.action, kActions);
    v.flag("localok", self.flags, XFRM_POLICY_LOCALOK);
    v.flag("icmp", self.flags, XFRM_POLICY_ICMP);
    v.named("share", self.share, kShares);
    v.named("type", self.type, kPolicyTypes);
    v.record("lifetime", self.lifetime);
    v.record("usage", self.usage);
    v.list("templates", self.templates);
    v.record("mark", self.mark);
    v("ifId", self.ifId);
    v.record("offload", self.offload);
  }
};

}  // namespace rp::xfrm
