#include "xfrm/xfrm_netlink.h"

#include <algorithm>
#include <cerrno>

namespace rp::xfrm {
namespace {

using netlink::Message;
using netlink::Request;

bool prefixMatches(const std::optional<Prefix>& prefix, const Address& address) {
  if (!prefix) return true;
  if (prefix->address.version != address.version) return false;
  const unsigned whole = prefix->length / 8, rest = prefix->length % 8;
  if (std::memcmp(prefix->address.bytes, address.bytes, whole) != 0) return false;
  return rest == 0 || ((prefix->address.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

NetlinkError noAnswer(const char* name) {
  return NetlinkError(EPROTO, name, "the kernel's answer is not what was asked");
}

}  // namespace

bool SaFilter::matches(const Sa& sa) const {
  return (protocol == 0 || sa.protocol == protocol) && prefixMatches(src, sa.src) && prefixMatches(dst, sa.dst) &&
         (!reqid || sa.reqid == *reqid) && (!seq || sa.seq == *seq);
}

bool PolicyFilter::matches(const Policy& policy) const {
  // Directions above fwd are the policies of single sockets.
  return policy.direction <= XFRM_POLICY_FWD && (!direction || policy.direction == *direction) &&
         policy.priority >= minimumPriority && policy.priority <= maximumPriority;
}

bool XfrmNetlink::remove(Request request, const char* name) {
  try {
    send(std::move(request), name);
    return true;
  } catch (const NetlinkError& error) {
    if (error.err != ESRCH && error.err != ENOENT) throw;
    return false;
  }
}

std::optional<Sa> XfrmNetlink::sa(const SaKey& key) {
  Request request = key.request(XFRM_MSG_GETSA);
  std::optional<Sa> found;
  try {
    socket_.request(request, "XFRM_MSG_GETSA", [&](const Message& message) { found = Sa::decode(message); });
  } catch (const NetlinkError& error) {
    if (error.err != ESRCH) throw;
  }
  socket_.forget();
  return found;
}

void XfrmNetlink::changeSa(const SaKey& key, const SaChangeSpec& change) {
  const std::optional<Sa> before = sa(key);
  if (!before) throw NetlinkError(ESRCH, "XFRM_MSG_GETSA", "");
  Sa after = *before;
  if (change.src) after.src = *change.src;
  if (change.dst) after.dst = *change.dst;
  if (change.encapsulation) after.encapsulation = change.encapsulation;
  if (change.plain) after.encapsulation.reset();
  if (change.lifetime) after.lifetime = *change.lifetime;
  if (change.seq) after.seq = *change.seq;
  const bool moved = after.src != before->src || after.dst != before->dst;
  // XFRM_MSG_UPDSA changes the ports of an encapsulation, but neither adds nor drops one, nor changes `seq`.
  if (!moved && before->encapsulation.has_value() == after.encapsulation.has_value() && after.seq == before->seq)
    return updateSa(after);
  if (after.dst != before->dst) {
    addSa(after);
    deleteSa(key);
    return;
  }
  deleteSa(key);
  try {
    addSa(after);
  } catch (...) {
    addSa(*before);
    throw;
  }
}

bool XfrmNetlink::deleteSa(const SaKey& key) { return remove(key.request(XFRM_MSG_DELSA), "XFRM_MSG_DELSA"); }

void XfrmNetlink::flushSas(uint8_t protocol) {
  xfrm_usersa_flush flush{};
  flush.proto = protocol == 0 ? 255 : protocol;  // IPSEC_PROTO_ANY
  remove(Request(XFRM_MSG_FLUSHSA, 0, flush), "XFRM_MSG_FLUSHSA");
}

std::vector<Sa> XfrmNetlink::dumpSas(const SaFilter& filter) {
  // A dump has no fixed part; its attributes follow the header.
  Request request(XFRM_MSG_GETSA, 0);
  if (filter.protocol != 0) request.put(NLA(XFRMA_PROTO), filter.protocol);
  std::vector<Sa> sas;
  socket_.dump(
      request, "dump XFRM_MSG_GETSA",
      [&](const Message& message) {
        auto sa = Sa::decode(message);
        if (!sa || !filter.matches(*sa)) return;
        if (!filter.keys) sa->dropKeys();
        sas.push_back(std::move(*sa));
      },
      [&] { sas.clear(); });
  socket_.forget();
  return sas;
}

Sa XfrmNetlink::allocateSpi(const SpiRequest& spi) {
  if (spi.dst.version == 0) throw ArgumentError("dst: an SPI is allocated for one");
  requireOneFamily(spi.dst, spi.src, "src");
  xfrm_userspi_info info{};
  info.info.id.daddr = toXfrm(spi.dst);
  info.info.id.proto = spi.protocol;
  info.info.saddr = toXfrm(spi.src);
  info.info.family = static_cast<uint16_t>(spi.dst.family());
  info.info.mode = spi.mode;
  info.info.reqid = spi.reqid;
  info.info.seq = spi.seq;
  info.min = spi.minimum;
  info.max = spi.maximum;
  Request request(XFRM_MSG_ALLOCSPI, 0, info);
  putMark(request, spi.mark);
  if (spi.ifId != 0) request.put(NLA(XFRMA_IF_ID), spi.ifId);
  if (spi.direction) request.put({kSaDirection, "XFRMA_SA_DIR"}, *spi.direction);
  if (spi.cpu) request.put({kSaPcpu, "XFRMA_SA_PCPU"}, *spi.cpu);
  std::optional<Sa> found;
  socket_.request(request, "XFRM_MSG_ALLOCSPI", [&](const Message& message) { found = Sa::decode(message); });
  if (!found) throw noAnswer("XFRM_MSG_ALLOCSPI");
  return std::move(*found);
}

std::optional<Policy> XfrmNetlink::policy(const PolicyKey& key) {
  Request request = key.request(XFRM_MSG_GETPOLICY);
  std::optional<Policy> found;
  try {
    socket_.request(request, "XFRM_MSG_GETPOLICY", [&](const Message& message) { found = Policy::decode(message); });
  } catch (const NetlinkError& error) {
    if (error.err != ENOENT) throw;
  }
  return found;
}

bool XfrmNetlink::deletePolicy(const PolicyKey& key) {
  return remove(key.request(XFRM_MSG_DELPOLICY), "XFRM_MSG_DELPOLICY");
}

void XfrmNetlink::flushPolicies(uint8_t type) {
  Request request(XFRM_MSG_FLUSHPOLICY, 0);
  xfrm_userpolicy_type t{};
  t.type = type;
  request.put(NLA(XFRMA_POLICY_TYPE), t);
  remove(std::move(request), "XFRM_MSG_FLUSHPOLICY");
}

std::vector<Policy> XfrmNetlink::dumpPolicies(const PolicyFilter& filter) {
  Request request(XFRM_MSG_GETPOLICY, 0);
  std::vector<Policy> policies;
  socket_.dump(
      request, "dump XFRM_MSG_GETPOLICY",
      [&](const Message& message) {
        if (auto policy = Policy::decode(message); policy && filter.matches(*policy))
          policies.push_back(std::move(*policy));
      },
      [&] { policies.clear(); });
  return policies;
}

SadInfo XfrmNetlink::sadInfo() {
  Request request(XFRM_MSG_GETSADINFO, 0, uint32_t{0xffffffff});
  SadInfo info;
  socket_.request(request, "XFRM_MSG_GETSADINFO", [&](const Message& message) { info = SadInfo::decode(message); });
  return info;
}

SpdInfo XfrmNetlink::spdInfo() {
  Request request(XFRM_MSG_GETSPDINFO, 0, uint32_t{0xffffffff});
  SpdInfo info;
  socket_.request(request, "XFRM_MSG_GETSPDINFO", [&](const Message& message) { info = SpdInfo::decode(message); });
  return info;
}

DefaultPolicy XfrmNetlink::defaultPolicy() {
  Request request(XFRM_MSG_GETDEFAULT, 0, xfrm_userpolicy_default{});
  std::optional<DefaultPolicy> found;
  socket_.request(request, "XFRM_MSG_GETDEFAULT",
                  [&](const Message& message) { found = DefaultPolicy::decode(message); });
  if (!found) throw noAnswer("XFRM_MSG_GETDEFAULT");
  return *found;
}

void XfrmNetlink::setDefaultPolicy(const DefaultPolicy& policy) {
  xfrm_userpolicy_default d{};
  d.in = policy.in;
  d.fwd = policy.fwd;
  d.out = policy.out;
  send(Request(XFRM_MSG_SETDEFAULT, 0, d), "XFRM_MSG_SETDEFAULT");
}

AsyncEvent XfrmNetlink::asyncEvent(const AsyncEvent& of) {
  Request request = of.request(XFRM_MSG_GETAE);
  std::optional<AsyncEvent> found;
  socket_.request(request, "XFRM_MSG_GETAE", [&](const Message& message) { found = AsyncEvent::decode(message); });
  if (!found) throw noAnswer("XFRM_MSG_GETAE");
  return *found;
}

}  // namespace rp::xfrm
