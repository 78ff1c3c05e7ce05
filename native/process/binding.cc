#include "process/binding.h"

#include "node/guard.h"
#include "node/object_reader.h"
#include "process/confine.h"
#include "process/footprint.h"

namespace rp::process {
namespace {

std::vector<std::string> textsOf(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw ArgumentError(std::string(name) + ": not an array");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < array.Length(); ++i) texts.push_back(array.Get(i).ToString());
  return texts;
}

// confine({ keep: bigint, file, arguments, environment, uid?, gid? }): does not return
Napi::Value confineProcess(const Napi::CallbackInfo& info) {
  const node::ObjectReader r(info[0], "");
  const Napi::Value keep = r.get("keep");
  if (!keep.IsBigInt()) throw ArgumentError("keep: not a bigint");
  bool lossless = false;
  const uint64_t mask = keep.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) throw ArgumentError("keep: more than 64 bits");
  std::optional<User> user;
  if (r.has("uid"))
    user = User{static_cast<uid_t>(r.whole("uid", 1, UINT32_MAX - 1)),
                static_cast<gid_t>(r.whole("gid", 1, UINT32_MAX - 1))};
  confine(mask, user, r.string("file"), textsOf(r.get("arguments"), "arguments"),
          textsOf(r.get("environment"), "environment"));
  return info.Env().Undefined();
}

// shrink(): number of bytes offered to the kernel
Napi::Value shrinkProcess(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shrink()));
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("confine", Napi::Function::New<node::guarded<confineProcess>>(env, "confine"));
  exports.Set("shrink", Napi::Function::New<node::guarded<shrinkProcess>>(env, "shrink"));
  return exports;
}

}  // namespace rp::process
