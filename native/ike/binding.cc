#include "ike/binding.h"

#include <memory>

#include "ike/ike_sockets.h"
#include "node/guard.h"
#include "node/object_reader.h"
#include "node/poll.h"

namespace rp::ike {
namespace {

using dataplane::Endpoint;
using node::guard;
using node::ObjectReader;

Endpoint endpointOf(const Napi::Value& value, const char* name) {
  const ObjectReader r(value, name);
  return {Address::parse(r.string("address"), r.at("address").c_str()),
          static_cast<uint16_t>(r.whole("port", 1, 65535))};
}

Napi::Object write(Napi::Env env, const Endpoint& e) {
  auto o = Napi::Object::New(env);
  o.Set("address", e.address.toString());
  o.Set("port", e.port);
  return o;
}

// new IkeSockets({ ikePort, natPort, mark }, (datagrams) => void)
class IkeSocketsObject : public Napi::ObjectWrap<IkeSocketsObject> {
 public:
  using Self = IkeSocketsObject;
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "IkeSockets",
                       {InstanceMethod<&Self::send>("send"), InstanceMethod<&Self::close>("close"),
                        InstanceAccessor<&Self::lacksIpv6>("lacksIpv6")});
  }

  explicit IkeSocketsObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      const ObjectReader r(info[0], "");
      const auto ikePort = static_cast<uint16_t>(r.whole("ikePort", 1, 65535));
      const auto natPort = static_cast<uint16_t>(r.whole("natPort", 1, 65535));
      if (natPort == ikePort) throw ArgumentError("natPort: the same as ikePort");
      if (!info[1].IsFunction()) throw ArgumentError("listener: not a function");
      sockets_ = std::make_unique<IkeSockets>(ikePort, natPort, static_cast<uint32_t>(r.whole("mark", 0, UINT32_MAX)));
      listener_ = Napi::Persistent(info[1].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:IkeSockets");
      for (const int fd : sockets_->descriptors())
        polls_.push_back(std::make_unique<node::Poll>(info.Env(), fd, [this, fd] { ready(fd); }));
    });
  }

 private:
  IkeSockets& sockets() {
    if (!sockets_) throw ClosedError("IkeSockets");
    return *sockets_;
  }

  void ready(int descriptor) {
    const Napi::Env env = listener_.Env();
    auto datagrams = Napi::Array::New(env);
    uint32_t n = 0;
    sockets_->receive(descriptor, [&](const Datagram& datagram) {
      const Napi::HandleScope scope(env);
      auto data = Napi::Uint8Array::New(env, datagram.data.size());
      std::memcpy(data.Data(), datagram.data.data(), datagram.data.size());
      auto o = Napi::Object::New(env);
      o.Set("local", write(env, datagram.local));
      o.Set("remote", write(env, datagram.remote));
      o.Set("data", data);
      datagrams[n++] = o;
    });
    // The listener may close these sockets; nothing of them is touched after the call.
    if (n > 0) listener_.Value().MakeCallback(env.Global(), {datagrams}, *context_);
  }

  // send(local, remote, data): boolean
  Napi::Value send(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const Endpoint local = endpointOf(info[0], "local"), remote = endpointOf(info[1], "remote");
      if (!info[2].IsTypedArray() || info[2].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        throw ArgumentError("data: not a Uint8Array");
      const auto data = info[2].As<Napi::Uint8Array>();
      return Napi::Boolean::New(info.Env(), sockets().send(local, remote, {data.Data(), data.ByteLength()}));
    });
  }

  Napi::Value lacksIpv6(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] { return Napi::Boolean::New(info.Env(), sockets().lacksIpv6()); });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    polls_.clear();
    sockets_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<IkeSockets> sockets_;
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::vector<std::unique_ptr<node::Poll>> polls_;  // before the others go: they poll the sockets
};

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("IkeSockets", IkeSocketsObject::define(env));
  return exports;
}

}  // namespace rp::ike
