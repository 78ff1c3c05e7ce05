#include "dataplane/policy_binding.h"

#include "dataplane/term_binding.h"

namespace rp::dataplane {

using node::ObjectReader;

namespace {

constexpr size_t kMaximumTemplates = 4;

std::vector<Template> templatesOf(const ObjectReader& r) {
  std::vector<Template> templates;
  r.each("templates", [&](const ObjectReader& t) {
    Template one{protocolOf(t), modeOf(t), {}, {}, static_cast<uint32_t>(t.whole("reqid", 0, UINT32_MAX)), false};
    if (t.has("src")) one.src = addressOf(t, "src");
    if (t.has("dst")) one.dst = addressOf(t, "dst");
    if (t.has("level")) one.optional = oneOf<bool>(t, "level", {{"use", true}, {"require", false}});
    templates.push_back(one);
  });
  return templates;
}

// What `protocols` stands for: the innermost has the policy's mode, the others are around it between the same ends.
std::vector<Template> templatesOf(const ObjectReader& r, const Policy& p) {
  const Napi::Value protocols = r.get("protocols");
  if (!protocols.IsArray()) throw ArgumentError(r.at("protocols") + ": not an array");
  const auto list = protocols.As<Napi::Array>();
  std::vector<Template> templates;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const esp::Protocol protocol = protocolNamed(list.Get(i).ToString(), r.at("protocols"));
    templates.push_back({protocol, i == 0 ? p.mode : esp::Mode::transport, p.saSrc, p.saDst, p.reqid, false});
  }
  return templates;
}

}  // namespace

Policy policyOf(const ObjectReader& r) {
  Policy p;
  p.id = static_cast<uint32_t>(r.whole("id", 0, UINT32_MAX));
  p.selector = selectorOf(r.object("selector"));
  p.action = oneOf<Action>(r, "action",
                           {{"none", Action::kNone}, {"discard", Action::kDiscard}, {"encrypt", Action::kEncrypt}});
  p.level = oneOf<Level>(r, "level", {{"use", Level::kUse}, {"require", Level::kRequire}, {"unique", Level::kUnique}});
  p.mode = modeOf(r);
  if (r.has("saSrc")) p.saSrc = addressOf(r, "saSrc");
  if (r.has("saDst")) p.saDst = addressOf(r, "saDst");
  p.reqid = static_cast<uint32_t>(r.whole("reqid", 0, UINT32_MAX));
  std::vector<Template> templates = r.has("templates") ? templatesOf(r) : templatesOf(r, p);
  if (p.action == Action::kEncrypt && (templates.empty() || templates.size() > kMaximumTemplates))
    throw ArgumentError(r.at("templates") + ": one to four are wanted");
  if (!templates.empty() && templates.back().protocol == esp::Protocol::ipcomp)
    throw UnsupportedError("IPComp without ESP or AH around it");
  if (templates.size() == 1 && !templates[0].optional) {
    const Template& t = templates[0];
    p.protocol = t.protocol, p.mode = t.mode, p.saSrc = t.src, p.saDst = t.dst, p.reqid = t.reqid;
  } else {
    p.bundle = std::move(templates);
  }
  return p;
}

}  // namespace rp::dataplane
