#include "dataplane/event_binding.h"

#include "base/error.h"
#include "dataplane/term_binding.h"
#include "node/guard.h"

namespace rp::dataplane {
namespace {

Napi::Object write(Napi::Env env, const SaKey& key) {
  auto o = Napi::Object::New(env);
  o.Set("spi", key.spi);
  o.Set("dst", key.dst.toString());
  o.Set("protocol", protocolName(key.protocol));
  return o;
}

Napi::Object write(Napi::Env env, const Flow& f) {
  const auto range = [env, &f](uint16_t port) {
    auto o = Napi::Object::New(env);
    o.Set("first", f.opaquePorts ? uint16_t{0} : port);
    o.Set("last", f.opaquePorts ? uint16_t{65535} : port);
    return o;
  };
  const std::string host = f.source.version == 4 ? "/32" : "/128";
  auto o = Napi::Object::New(env);
  o.Set("local", f.source.toString() + host);
  o.Set("remote", f.destination.toString() + host);
  o.Set("protocol", f.protocol);
  o.Set("localPorts", range(f.sourcePort));
  o.Set("remotePorts", range(f.destinationPort));
  return o;
}

}  // namespace

Napi::Object write(Napi::Env env, const Endpoint& e) {
  auto o = Napi::Object::New(env);
  o.Set("address", e.address.toString());
  o.Set("port", e.port);
  return o;
}

Napi::Object write(Napi::Env env, const Event& e) {
  auto o = Napi::Object::New(env);
  switch (e.type) {
    case EventType::kAcquire:
      o.Set("type", "acquire");
      o.Set("policy", e.policy);
      o.Set("reqid", e.reqid);
      o.Set("packet", write(env, e.flow));
      break;
    case EventType::kExpire:
      o.Set("type", "expire");
      o.Set("sa", write(env, e.sa));
      o.Set("direction", e.direction == Direction::kIn ? "in" : "out");
      o.Set("reqid", e.reqid);
      o.Set("hard", e.hard);
      break;
    case EventType::kMapping:
      o.Set("type", "mapping");
      o.Set("sa", write(env, e.sa));
      o.Set("reqid", e.reqid);
      o.Set("remote", write(env, e.remote));
      break;
    case EventType::kDrop:
      o.Set("type", "drop");
      o.Set("counter", kCounterNames[static_cast<size_t>(e.counter)]);
      o.Set("total", Napi::BigInt::New(env, e.total));
      o.Set("address",
            e.remote.address.version == 0 ? env.Undefined() : Napi::String::New(env, e.remote.address.toString()));
      o.Set("spi", e.sa.spi);
      break;
    case EventType::kRecovered:
      o.Set("type", "recovered");
      break;
    case EventType::kFailed:
      o.Set("type", "failed");
      try {
        try {
          throw SystemError(e.error, e.syscall, "the data plane's device");
        } catch (...) {
          node::rethrow(env);
        }
      } catch (const Napi::Error& error) {
        o.Set("error", error.Value());
      }
      break;
  }
  return o;
}

}  // namespace rp::dataplane
