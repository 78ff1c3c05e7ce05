// The XFRM netlink socket: SAD and SPD of one network namespace.
#pragma once
#include <optional>
#include <vector>

#include "netlink/socket.h"
#include "xfrm/database_info.h"
#include "xfrm/event.h"

namespace rp::xfrm {

// What a dump of SAs is narrowed to; what is zero or none is any.
struct SaFilter {
  uint8_t protocol = 0;
  std::optional<Prefix> src, dst;
  std::optional<uint32_t> reqid;
  std::optional<uint32_t> seq;
  bool keys = false;  // keep the keys that the kernel sends

  bool matches(const Sa& sa) const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("protocol", self.protocol, kProtocols);
    v("src", self.src);
    v("dst", self.dst);
    v("reqid", self.reqid);
    v("seq", self.seq);
    v("keys", self.keys);
  }
};

// Which policies a dump gives; the kernel sends all and the choice is made here.
struct PolicyFilter {
  std::optional<uint8_t> direction;
  uint32_t minimumPriority = 0;
  uint32_t maximumPriority = UINT32_MAX;

  bool matches(const Policy& policy) const;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("direction", self.direction, kDirections);
    v("minimumPriority", self.minimumPriority);
    v("maximumPriority", self.maximumPriority);
  }
};

// XFRM_MSG_ALLOCSPI: a larval SA holds the SPI until it is updated, or net.core.xfrm_acq_expires seconds pass.
struct SpiRequest {
  Address src, dst;
  uint8_t protocol = IPPROTO_ESP;
  uint8_t mode = XFRM_MODE_TUNNEL;
  uint32_t reqid = 0;
  uint32_t seq = 0;  // of the acquire that it answers
  uint32_t minimum = 0x100, maximum = 0xffffffff;
  std::optional<Mark> mark;
  uint32_t ifId = 0;
  std::optional<uint8_t> direction;  // only in, Linux 6.10
  std::optional<uint32_t> cpu;       // Linux 6.13

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v.named("direction", self.direction, kSaDirections);
    v("cpu", self.cpu);
    v("src", self.src);
    v("dst", self.dst);
    v.named("protocol", self.protocol, kProtocols);
    v.named("mode", self.mode, kModes);
    v("reqid", self.reqid);
    v("seq", self.seq);
    v("minimum", self.minimum);
    v("maximum", self.maximum);
    v.record("mark", self.mark);
    v("ifId", self.ifId);
  }
};

// What of an SA changes; the rest, keys and sequence numbers too, stays.
struct SaChangeSpec {
  std::optional<Address> src, dst;
  std::optional<Encapsulation> encapsulation;
  bool plain = false;  // no encapsulation any more
  std::optional<Lifetime> lifetime;
  std::optional<uint32_t> seq;

  template <class Self, class V>
  static void fields(Self& self, V&& v) {
    v("src", self.src);
    v("dst", self.dst);
    v.record("encapsulation", self.encapsulation);
    v("plain", self.plain);
    v.record("lifetime", self.lifetime);
    v("seq", self.seq);
  }
};

using Refusals = std::vector<std::optional<NetlinkError>>;

// Works in the network namespace of the thread that constructs it, for as long as it lives. Not for several threads at
// once. Every call throws NetlinkError when the kernel refuses, ArgumentError for a record that cannot be.
class XfrmNetlink {
 public:
  XfrmNetlink() : socket_(NETLINK_XFRM) {}

  void addSa(const Sa& sa) { send(sa.request(XFRM_MSG_NEWSA), "XFRM_MSG_NEWSA"); }
  // Of an SA that is there, also of a larval one. ESRCH if it is not.
  void updateSa(const Sa& sa) { send(sa.request(XFRM_MSG_UPDSA), "XFRM_MSG_UPDSA"); }
  Refusals addSas(const std::vector<Sa>& sas) { return batch(sas, XFRM_MSG_NEWSA, "XFRM_MSG_NEWSA"); }
  Refusals deleteSas(const std::vector<SaKey>& keys) { return batch(keys, XFRM_MSG_DELSA, "XFRM_MSG_DELSA"); }
  std::optional<Sa> sa(const SaKey& key);
  // Changes addresses, encapsulation or limits of a living SA. If the new one is refused the old one is there again.
  void changeSa(const SaKey& key, const SaChangeSpec& change);
  bool deleteSa(const SaKey& key);
  // Of one protocol, or of all with 0.
  void flushSas(uint8_t protocol);
  std::vector<Sa> dumpSas(const SaFilter& filter);
  Sa allocateSpi(const SpiRequest& spi);

  void addPolicy(const Policy& policy) { send(policy.request(XFRM_MSG_NEWPOLICY), "XFRM_MSG_NEWPOLICY"); }
  // Adds it, or replaces the one of the same selector and direction.
  void updatePolicy(const Policy& policy) { send(policy.request(XFRM_MSG_UPDPOLICY), "XFRM_MSG_UPDPOLICY"); }
  Refusals addPolicies(const std::vector<Policy>& all) { return batch(all, XFRM_MSG_NEWPOLICY, "XFRM_MSG_NEWPOLICY"); }
  Refusals updatePolicies(const std::vector<Policy>& all) {
    return batch(all, XFRM_MSG_UPDPOLICY, "XFRM_MSG_UPDPOLICY");
  }
  Refusals deletePolicies(const std::vector<PolicyKey>& keys) {
    return batch(keys, XFRM_MSG_DELPOLICY, "XFRM_MSG_DELPOLICY");
  }
  std::optional<Policy> policy(const PolicyKey& key);
  bool deletePolicy(const PolicyKey& key);
  void flushPolicies(uint8_t type);
  std::vector<Policy> dumpPolicies(const PolicyFilter& filter);

  SadInfo sadInfo();
  SpdInfo spdInfo();
  void setHashThresholds(const SpdInfo& info) { send(info.request(), "XFRM_MSG_NEWSPDINFO"); }
  DefaultPolicy defaultPolicy();
  void setDefaultPolicy(const DefaultPolicy& policy);

  void migrate(const Migrate& migrate) { send(migrate.request(), "XFRM_MSG_MIGRATE"); }
  AsyncEvent asyncEvent(const AsyncEvent& of);
  void setAsyncEvent(const AsyncEvent& event) { send(event.request(XFRM_MSG_NEWAE), "XFRM_MSG_NEWAE"); }

 private:
  void send(netlink::Request request, const char* name) { socket_.request(request, name); }
  template <class Record>
  Refusals batch(const std::vector<Record>& records, uint16_t type, const char* name) {
    std::vector<netlink::Request> requests;
    requests.reserve(records.size());
    for (const Record& record : records) requests.push_back(record.request(type));
    return socket_.batch(requests, name);
  }
  // False if there was none (ESRCH, ENOENT).
  bool remove(netlink::Request request, const char* name);

  netlink::Socket socket_;
};

}  // namespace rp::xfrm
