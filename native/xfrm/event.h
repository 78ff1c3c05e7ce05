// What the kernel announces to the XFRM multicast groups.
#pragma once
#include <variant>

#include "xfrm/policy.h"
#include "xfrm/sa.h"

namespace rp::xfrm {

// XFRM_MSG_ACQUIRE: a packet needs an SA that is not there.
struct Acquire {
  Address src, dst;  // of the SA that is wanted
  uint8_t protocol = 0;
  Selector packet;
  uint32_t seq = 0;
  Policy policy;  // with the templates that are wanted

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("src", self.src);
    v("dst", self.dst);
    v.named("protocol", self.protocol, kProtocols);
    v.record("packet", self.packet);
    v("seq", self.seq);
    v.record("policy", self.policy);
  }
};

// XFRM_MSG_EXPIRE.
struct Expire {
  Sa sa;
  bool hard = false;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("sa", self.sa);
    v("hard", self.hard);
  }
};

// XFRM_MSG_POLEXPIRE.
struct PolicyExpire {
  Policy policy;
  bool hard = false;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("policy", self.policy);
    v("hard", self.hard);
  }
};

// XFRM_MSG_MAPPING: a NAT gave the peer another address or port.
struct Mapping {
  SaKey sa;
  uint32_t reqid = 0;
  Address oldAddress, newAddress;
  uint16_t oldPort = 0, newPort = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("sa", self.sa);
    v("reqid", self.reqid);
    v("oldAddress", self.oldAddress);
    v("oldPort", self.oldPort);
    v("newAddress", self.newAddress);
    v("newPort", self.newPort);
  }
};

// One step of XFRM_MSG_MIGRATE: SAs between the old addresses go on between the new ones.
struct MigrateStep {
  Address oldSrc, oldDst, newSrc, newDst;
  uint8_t protocol = IPPROTO_ESP;
  uint8_t mode = XFRM_MODE_TUNNEL;
  uint32_t reqid = 0;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("oldSrc", self.oldSrc);
    v("oldDst", self.oldDst);
    v("newSrc", self.newSrc);
    v("newDst", self.newDst);
    v.named("protocol", self.protocol, kProtocols);
    v.named("mode", self.mode, kModes);
    v("reqid", self.reqid);
  }
};

// XFRM_MSG_MIGRATE.
struct Migrate {
  PolicyKey policy;
  std::vector<MigrateStep> steps;

  netlink::Request request() const;
  static std::optional<Migrate> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("policy", self.policy);
    v.list("steps", self.steps);
  }
};

// XFRM_MSG_NEWAE, XFRM_MSG_GETAE: what fail-over needs to know of an SA.
struct AsyncEvent {
  SaKey sa;
  Address src;
  uint32_t reqid = 0;
  uint32_t flags = 0;  // XFRM_AE_*
  std::optional<Replay> replay;
  std::optional<Usage> usage;

  netlink::Request request(uint16_t type) const;
  static std::optional<AsyncEvent> decode(const netlink::Message& message);

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.record("sa", self.sa);
    v("src", self.src);
    v("reqid", self.reqid);
    v.flag("replayChanged", self.flags, XFRM_AE_CR);
    v.flag("timer", self.flags, XFRM_AE_CE);
    v.flag("updated", self.flags, XFRM_AE_CU);
    v.record("replay", self.replay);
    v.record("usage", self.usage);
  }
};

// XFRM_MSG_REPORT: a packet of a protocol without policy (Mobile IPv6).
struct Report {
  uint8_t protocol = 0;
  Selector packet;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("protocol", self.protocol, kProtocols);
    v.record("packet", self.packet);
  }
};

enum class SaChange : uint8_t { kAdded, kUpdated, kDeleted };
struct SaChanged {
  SaChange change = SaChange::kAdded;
  Sa sa;
};
struct PolicyChanged {
  SaChange change = SaChange::kAdded;
  Policy policy;
};
struct SasFlushed {
  uint8_t protocol = 0;
};
struct PoliciesFlushed {};

using Event = std::variant<Acquire, Expire, PolicyExpire, Mapping, Migrate, AsyncEvent, Report, SaChanged,
                           PolicyChanged, SasFlushed, PoliciesFlushed>;

// Nothing if the message is none of the above, or too short. Keys of SAs are not kept.
std::optional<Event> decodeEvent(const netlink::Message& message);

}  // namespace rp::xfrm
