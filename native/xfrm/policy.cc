#include "xfrm/policy.h"

namespace rp::xfrm {
namespace {

using netlink::Attribute;
using netlink::Request;

void putType(Request& request, uint8_t type) {
  if (type == XFRM_POLICY_TYPE_MAIN) return;
  xfrm_userpolicy_type t{};
  t.type = type;
  request.put(NLA(XFRMA_POLICY_TYPE), t);
}

}  // namespace

xfrm_user_tmpl Template::toKernel(uint16_t policyFamily) const {
  requireOneFamily(src, dst, "templates.dst");
  xfrm_user_tmpl t{};
  t.id.daddr = toXfrm(dst);
  t.id.spi = htonl(spi);
  t.id.proto = protocol;
  t.family = static_cast<uint16_t>(dst.version != 0 ? dst.family() : src.version != 0 ? src.family() : policyFamily);
  t.saddr = toXfrm(src);
  t.reqid = reqid;
  t.mode = mode;
  t.share = share;
  t.optional = optional ? 1 : 0;
  // Any algorithm that the SA has.
  t.aalgos = t.ealgos = t.calgos = ~uint32_t{0};
  return t;
}

Template Template::fromKernel(const xfrm_user_tmpl& t) {
  Template result;
  result.src = fromXfrm(t.saddr, t.family);
  result.dst = fromXfrm(t.id.daddr, t.family);
  result.spi = ntohl(t.id.spi);
  result.protocol = t.id.proto;
  result.reqid = t.reqid;
  result.mode = t.mode;
  result.share = t.share;
  result.optional = t.optional != 0;
  return result;
}

std::vector<Template> decodeTemplates(const Attribute& attribute) {
  std::vector<Template> templates;
  netlink::Bytes rest = attribute.payload;
  while (rest.size() >= sizeof(xfrm_user_tmpl) && templates.size() < kMaximumTemplates) {
    xfrm_user_tmpl t;
    std::memcpy(&t, rest.data(), sizeof t);
    templates.push_back(Template::fromKernel(t));
    rest = rest.subspan(sizeof t);
  }
  return templates;
}

Request PolicyKey::request(uint16_t messageType) const {
  xfrm_userpolicy_id id{};
  id.sel = selector.toKernel();
  id.index = index;
  id.dir = direction;
  Request request(messageType, 0, id);
  putType(request, type);
  putMark(request, mark);
  if (ifId != 0) request.put(NLA(XFRMA_IF_ID), ifId);
  return request;
}

Request Policy::request(uint16_t messageType) const {
  if (templates.size() > kMaximumTemplates) throw ArgumentError("templates: more than 6");
  xfrm_userpolicy_info info{};
  info.sel = selector.toKernel();
  if (info.sel.family == AF_UNSPEC) throw ArgumentError("selector: a policy needs src or dst");
  info.lft = lifetime.toKernel();
  info.priority = priority;
  info.index = index;
  info.dir = direction;
  info.action = action;
  info.flags = flags;
  info.share = share;
  Request request(messageType, 0, info);
  if (!templates.empty()) {
    std::vector<xfrm_user_tmpl> list;
    for (const Template& t : templates) list.push_back(t.toKernel(info.sel.family));
    request.put(NLA(XFRMA_TMPL),
                netlink::Bytes(reinterpret_cast<const uint8_t*>(list.data()), list.size() * sizeof(xfrm_user_tmpl)));
  }
  putType(request, type);
  putMark(request, mark);
  if (ifId != 0) request.put(NLA(XFRMA_IF_ID), ifId);
  putOffload(request, offload);
  return request;
}

Policy Policy::decode(const xfrm_userpolicy_info& info, const netlink::Attributes& attributes) {
  Policy policy;
  policy.selector = Selector::fromKernel(info.sel);
  policy.direction = info.dir;
  policy.index = info.index;
  policy.priority = info.priority;
  policy.action = info.action;
  policy.flags = info.flags;
  policy.share = info.share;
  policy.lifetime = Lifetime::fromKernel(info.lft);
  policy.usage = Usage::fromKernel(info.curlft);
  for (const Attribute& a : attributes) {
    switch (a.type) {
      case XFRMA_TMPL:
        policy.templates = decodeTemplates(a);
        break;
      case XFRMA_POLICY_TYPE:
        policy.type = a.asOr<uint8_t>(XFRM_POLICY_TYPE_MAIN);
        break;
      case XFRMA_MARK:
        policy.mark = decodeMark(a);
        break;
      case XFRMA_IF_ID:
        policy.ifId = a.asOr<uint32_t>(0);
        break;
      case XFRMA_OFFLOAD_DEV:
        policy.offload = decodeOffload(a);
        break;
    }
  }
  return policy;
}

std::optional<Policy> Policy::decode(const netlink::Message& message) {
  const uint16_t type = message.header.nlmsg_type;
  if (type != XFRM_MSG_NEWPOLICY && type != XFRM_MSG_UPDPOLICY) return std::nullopt;
  const auto info = message.fixed<xfrm_userpolicy_info>();
  if (!info) return std::nullopt;
  return decode(*info, message.attributes<xfrm_userpolicy_info>());
}

}  // namespace rp::xfrm
