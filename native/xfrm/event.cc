#include "xfrm/event.h"

namespace rp::xfrm {
namespace {

using netlink::Attribute;
using netlink::Message;
using netlink::Request;

SaKey keyOf(const xfrm_usersa_id& id) { return {fromXfrm(id.daddr, id.family), ntohl(id.spi), id.proto, std::nullopt}; }

std::optional<Event> acquireOf(const Message& message) {
  const auto fixed = message.fixed<xfrm_user_acquire>();
  if (!fixed) return std::nullopt;
  Acquire acquire;
  acquire.policy = Policy::decode(fixed->policy, message.attributes<xfrm_user_acquire>());
  acquire.packet = Selector::fromKernel(fixed->sel);
  // The outer addresses have the family of the first template, which may not be the packet's.
  uint16_t family = fixed->sel.family;
  if (!acquire.policy.templates.empty() && acquire.policy.templates.front().dst.version != 0)
    family = static_cast<uint16_t>(acquire.policy.templates.front().dst.family());
  acquire.src = fromXfrm(fixed->saddr, family);
  acquire.dst = fromXfrm(fixed->id.daddr, family);
  acquire.protocol = fixed->id.proto;
  acquire.seq = fixed->seq;
  return acquire;
}

std::optional<Event> expireOf(const Message& message) {
  const auto fixed = message.fixed<xfrm_user_expire>();
  if (!fixed || fromXfrm(fixed->state.id.daddr, fixed->state.family).version == 0) return std::nullopt;
  return Expire{Sa::decode(fixed->state, message.attributes<xfrm_user_expire>()), fixed->hard != 0};
}

std::optional<Event> policyExpireOf(const Message& message) {
  const auto fixed = message.fixed<xfrm_user_polexpire>();
  if (!fixed) return std::nullopt;
  return PolicyExpire{Policy::decode(fixed->pol, message.attributes<xfrm_user_polexpire>()), fixed->hard != 0};
}

std::optional<Event> mappingOf(const Message& message) {
  const auto fixed = message.fixed<xfrm_user_mapping>();
  if (!fixed) return std::nullopt;
  Mapping mapping;
  mapping.sa = keyOf(fixed->id);
  mapping.reqid = fixed->reqid;
  mapping.oldAddress = fromXfrm(fixed->old_saddr, fixed->id.family);
  mapping.newAddress = fromXfrm(fixed->new_saddr, fixed->id.family);
  mapping.oldPort = ntohs(fixed->old_sport);
  mapping.newPort = ntohs(fixed->new_sport);
  return mapping;
}

std::optional<Event> reportOf(const Message& message) {
  const auto fixed = message.fixed<xfrm_user_report>();
  if (!fixed) return std::nullopt;
  return Report{fixed->proto, Selector::fromKernel(fixed->sel)};
}

// XFRM_MSG_DELSA begins with the id; the SA itself follows in XFRMA_SA, among its attributes.
std::optional<Event> deletedSaOf(const Message& message) {
  if (!message.fixed<xfrm_usersa_id>()) return std::nullopt;
  const auto attributes = message.attributes<xfrm_usersa_id>();
  for (const Attribute& a : attributes) {
    const auto info = a.type == XFRMA_SA ? a.as<xfrm_usersa_info>() : std::nullopt;
    if (info && fromXfrm(info->id.daddr, info->family).version != 0)
      return SaChanged{SaChange::kDeleted, Sa::decode(*info, attributes)};
  }
  return std::nullopt;
}

std::optional<Event> deletedPolicyOf(const Message& message) {
  if (!message.fixed<xfrm_userpolicy_id>()) return std::nullopt;
  const auto attributes = message.attributes<xfrm_userpolicy_id>();
  for (const Attribute& a : attributes) {
    const auto info = a.type == XFRMA_POLICY ? a.as<xfrm_userpolicy_info>() : std::nullopt;
    if (info) return PolicyChanged{SaChange::kDeleted, Policy::decode(*info, attributes)};
  }
  return std::nullopt;
}

std::optional<Event> saChangeOf(const Message& message, SaChange change) {
  auto sa = Sa::decode(message);
  if (!sa) return std::nullopt;
  return SaChanged{change, std::move(*sa)};
}

std::optional<Event> policyChangeOf(const Message& message, SaChange change) {
  auto policy = Policy::decode(message);
  if (!policy) return std::nullopt;
  return PolicyChanged{change, std::move(*policy)};
}

std::optional<Event> decodeAny(const Message& message) {
  switch (message.header.nlmsg_type) {
    case XFRM_MSG_ACQUIRE:
      return acquireOf(message);
    case XFRM_MSG_EXPIRE:
      return expireOf(message);
    case XFRM_MSG_POLEXPIRE:
      return policyExpireOf(message);
    case XFRM_MSG_MAPPING:
      return mappingOf(message);
    case XFRM_MSG_REPORT:
      return reportOf(message);
    case XFRM_MSG_MIGRATE:
      if (auto migrate = Migrate::decode(message)) return std::move(*migrate);
      return std::nullopt;
    case XFRM_MSG_NEWAE:
      if (auto event = AsyncEvent::decode(message)) return std::move(*event);
      return std::nullopt;
    case XFRM_MSG_NEWSA:
      return saChangeOf(message, SaChange::kAdded);
    case XFRM_MSG_UPDSA:
      return saChangeOf(message, SaChange::kUpdated);
    case XFRM_MSG_DELSA:
      return deletedSaOf(message);
    case XFRM_MSG_NEWPOLICY:
      return policyChangeOf(message, SaChange::kAdded);
    case XFRM_MSG_UPDPOLICY:
      return policyChangeOf(message, SaChange::kUpdated);
    case XFRM_MSG_DELPOLICY:
      return deletedPolicyOf(message);
    case XFRM_MSG_FLUSHSA:
      if (const auto flush = message.fixed<xfrm_usersa_flush>()) return SasFlushed{flush->proto};
      return std::nullopt;
    case XFRM_MSG_FLUSHPOLICY:
      return PoliciesFlushed{};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Event> decodeEvent(const Message& message) {
  auto event = decodeAny(message);
  if (!event) return event;
  if (auto* changed = std::get_if<SaChanged>(&*event)) changed->sa.dropKeys();
  if (auto* expired = std::get_if<Expire>(&*event)) expired->sa.dropKeys();
  return event;
}

Request Migrate::request() const {
  if (steps.empty() || steps.size() > kMaximumTemplates) throw ArgumentError("steps: not 1 to 6");
  std::vector<xfrm_user_migrate> list;
  for (const MigrateStep& step : steps) {
    xfrm_user_migrate m{};
    m.old_daddr = toXfrm(step.oldDst);
    m.old_saddr = toXfrm(step.oldSrc);
    m.new_daddr = toXfrm(step.newDst);
    m.new_saddr = toXfrm(step.newSrc);
    m.proto = step.protocol;
    m.mode = step.mode;
    m.reqid = step.reqid;
    m.old_family = static_cast<uint16_t>(step.oldDst.family());
    m.new_family = static_cast<uint16_t>(step.newDst.family());
    list.push_back(m);
  }
  Request request = policy.request(XFRM_MSG_MIGRATE);
  request.put(NLA(XFRMA_MIGRATE),
              netlink::Bytes(reinterpret_cast<const uint8_t*>(list.data()), list.size() * sizeof(xfrm_user_migrate)));
  return request;
}

std::optional<Migrate> Migrate::decode(const Message& message) {
  const auto fixed = message.fixed<xfrm_userpolicy_id>();
  if (!fixed) return std::nullopt;
  Migrate migrate;
  migrate.policy.selector = Selector::fromKernel(fixed->sel);
  migrate.policy.direction = fixed->dir;
  migrate.policy.index = fixed->index;
  for (const Attribute& a : message.attributes<xfrm_userpolicy_id>()) {
    if (a.type != XFRMA_MIGRATE) continue;
    netlink::Bytes rest = a.payload;
    while (rest.size() >= sizeof(xfrm_user_migrate) && migrate.steps.size() < kMaximumTemplates) {
      xfrm_user_migrate m;
      std::memcpy(&m, rest.data(), sizeof m);
      migrate.steps.push_back({fromXfrm(m.old_saddr, m.old_family), fromXfrm(m.old_daddr, m.old_family),
                               fromXfrm(m.new_saddr, m.new_family), fromXfrm(m.new_daddr, m.new_family), m.proto,
                               m.mode, m.reqid});
      rest = rest.subspan(sizeof m);
    }
  }
  return migrate;
}

Request AsyncEvent::request(uint16_t type) const {
  if (sa.dst.version == 0) throw ArgumentError("sa.dst: the key of an SA needs one");
  xfrm_aevent_id id{};
  id.sa_id.daddr = toXfrm(sa.dst);
  id.sa_id.spi = htonl(sa.spi);
  id.sa_id.family = static_cast<uint16_t>(sa.dst.family());
  id.sa_id.proto = sa.protocol;
  id.saddr = toXfrm(src);
  id.reqid = reqid;
  id.flags = flags;
  Request request(type, type == XFRM_MSG_NEWAE ? NLM_F_REPLACE : 0, id);
  putMark(request, sa.mark);
  if (replay) replay->put(request);
  if (usage) request.put(NLA(XFRMA_LTIME_VAL), usage->toKernel());
  return request;
}

std::optional<AsyncEvent> AsyncEvent::decode(const Message& message) {
  const auto fixed = message.fixed<xfrm_aevent_id>();
  if (!fixed) return std::nullopt;
  AsyncEvent event;
  event.sa = keyOf(fixed->sa_id);
  event.src = fromXfrm(fixed->saddr, fixed->sa_id.family);
  event.reqid = fixed->reqid;
  event.flags = fixed->flags;
  for (const Attribute& a : message.attributes<xfrm_aevent_id>()) {
    if (a.type == XFRMA_REPLAY_VAL && !event.replay) event.replay = Replay::decode(a);
    if (a.type == XFRMA_REPLAY_ESN_VAL) event.replay = Replay::decodeEsn(a);
    if (a.type == XFRMA_MARK) event.sa.mark = decodeMark(a);
    if (a.type == XFRMA_LTIME_VAL) {
      if (const auto usage = a.as<xfrm_lifetime_cur>()) event.usage = Usage::fromKernel(*usage);
    }
  }
  return event;
}

}  // namespace rp::xfrm
